/**
 * Type × attribute × entry × role, over every route that tells of the inventory: nothing is told that may not be read, and nothing is written that may
 * not be. A new route needs a line in `requests`; without one the first test fails.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { events, reading, types, writing, type Asked } from "./inventory-matrix-requests.ts";
import { matrixRoles, matrixSite, mayRead, type MatrixSite } from "./inventory-matrix-site.ts";

let site: MatrixSite;
beforeAll(async () => {
  site = await matrixSite();
}, 120_000);
afterAll(() => site[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly text: string;
}
async function ask(
  role: string,
  method: string,
  { path, body, headers = {} }: Asked,
): Promise<Answer> {
  const response = await fetch(site.url + path, {
    method: method.toUpperCase(),
    headers: { "x-auth-token": role, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

const base = "/api/v2/inventory";
function leaks(role: string, asked: Asked, { text }: Answer): readonly string[] {
  const sent = decodeURIComponent(asked.path) + JSON.stringify(asked.body ?? null);
  return site.markers
    .filter(
      (marker) =>
        !mayRead(role, marker) && text.includes(marker.word) && !sent.includes(marker.word),
    )
    .map(({ word }) => `${role} ${asked.path} ${JSON.stringify(asked.body ?? "")} tells ${word}`);
}

const own = (): readonly string[] =>
  site.routes.flatMap(({ method, path }) =>
    path.startsWith(`${base}/`) ? [`${method} ${path.slice(base.length)}`] : [],
  );
const roles = Object.keys(matrixRoles);

const probes = (word: string): readonly (readonly [string, Asked])[] => [
  ...types.flatMap((type) =>
    ["secret", "open", "mail", "name", "shelf.secret", "owner.mail"].flatMap((path) =>
      [
        { op: "eq", value: word },
        { op: "like", value: word.slice(0, -1) },
        { op: "ne", value: word },
      ].map(
        (one) =>
          ["post", { path: `${base}/search`, body: { type, where: { path, ...one } } }] as const,
      ),
    ),
  ),
  ["post", { path: `${base}/search`, body: { type: "Box", where: { not: { $text: word } } } }],
  ["post", { path: `${base}/search`, body: { text: word.slice(0, -1), count: true } }],
  ["get", { path: `${base}/suggest?type=Box&q=${word}` }],
  ["get", { path: `${base}/hosts?q=${word}` }],
  ["get", { path: `${base}/owners?host=${word}` }],
  ["get", { path: `${base}/available?type=Box&from=${word}` }],
  [
    "post",
    {
      path: `${base}/entries`,
      body: { type: "Box", attributes: { name: "x", zone: "z", shelf: { secret: word } } },
    },
  ],
];

describe("the access matrix", () => {
  test("has every route of the inventory", () => {
    const known = new Set([...Object.keys(reading), ...Object.keys(writing)]);
    expect(own().filter((name) => !known.has(name))).toEqual([]);
    expect([...known].filter((name) => !own().includes(name))).toEqual([]);
  });

  test.each(roles)(
    "%s reads nothing that is not granted, and all that is",
    async (role) => {
      const found: string[] = [];
      const told = new Set<string>();
      for (const [table, prefix] of [
        [reading, base],
        [events, ""],
      ] as const)
        for (const [name, requests] of Object.entries(table)) {
          const [method = ""] = name.split(" ");
          for (const asked of requests(site)) {
            const whole = { ...asked, path: prefix + asked.path };
            const answer = await ask(role, method, whole);
            expect(answer.status, `${name} ${asked.path} ${answer.text}`).toBeLessThan(500);
            found.push(...leaks(role, whole, answer));
            site.markers
              .filter(({ word }) => answer.text.includes(word))
              .forEach(({ word }) => told.add(word));
          }
        }
      expect([...new Set(found)]).toEqual([]);
      const granted = site.markers
        .filter((marker) => mayRead(role, marker))
        .map(({ word }) => word);
      expect(granted.filter((word) => !told.has(word))).toEqual([]);
    },
    180_000,
  );

  test.each(roles)(
    "%s learns nothing by asking for a hidden value instead of one that is nowhere",
    async (role) => {
      const hidden = site.markers.filter(
        (marker) => !mayRead(role, marker) && !/-(?:old|reason)$/.test(marker.word),
      );
      for (const { word } of hidden) {
        const nowhere = `${word.slice(0, -2)}~~`;
        const [real, bogus] = [probes(word), probes(nowhere)];
        for (const [index, [method, asked]] of real.entries()) {
          const [a, b] = [
            await ask(role, method, asked),
            await ask(role, method, bogus[index]?.[1] ?? asked),
          ];
          const plain = ({ status, text }: Answer): string =>
            status +
            text
              .replaceAll(word, "?")
              .replaceAll(nowhere, "?")
              .replaceAll(word.slice(0, -1), "?")
              .replaceAll(nowhere.slice(0, -1), "?")
              .replaceAll(/"request[^,}]*/g, "");
          expect(plain(a), `${role} ${JSON.stringify(asked)}`).toBe(plain(b));
        }
      }
    },
    300_000,
  );

  test.each(roles)(
    "%s writes the attributes that are granted, and no others",
    async (role) => {
      for (const { entry, type, zone, attribute, deleted } of site.markers) {
        if (deleted || attribute === "name") continue;
        const id = site.ids[entry] ?? "";
        const before = await site.inventory.get(id);
        const body = { attributes: { [attribute]: "probe" } };
        const asked = { path: `${base}/entries/${id}`, body };
        const answer = await ask(role, "patch", asked);
        const granted = matrixRoles[role]?.writes({ type, zone, attribute }) === true;
        expect(
          [answer.status < 300, leaks(role, asked, answer)],
          `${role} ${entry} ${attribute} ${answer.text}`,
        ).toEqual([granted, []]);
        const after = await site.inventory.get(id);
        expect(after.attributes[attribute] === "probe").toBe(granted);
        if (granted)
          await ask("admin", "patch", {
            ...asked,
            body: { attributes: { [attribute]: before.attributes[attribute] } },
          });
      }
    },
    120_000,
  );

  test.each(roles)(
    "%s is told nothing by writes that fail",
    async (role) => {
      const found: string[] = [];
      for (const [name, requests] of Object.entries(writing)) {
        // What may be done is done elsewhere: here the entries stay as they are.
        if (role !== "nothing" && role !== "open" && role !== "shelves" && role !== "oneBox")
          continue;
        const [method = ""] = name.split(" ");
        for (const asked of requests(site)) {
          const whole = { ...asked, path: base + asked.path };
          const answer = await ask(role, method, whole);
          expect(answer.status, `${name} ${answer.text}`).toBeLessThan(500);
          found.push(...leaks(role, whole, answer));
        }
      }
      expect([...new Set(found)]).toEqual([]);
    },
    120_000,
  );
});
