/**
 * Type × attribute × entry × role, over every route that tells of the inventory: nothing is told that may not be read, and nothing is written that may
 * not be. A new route needs a line in `requests`; without one the first test fails.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  events,
  reading,
  silent,
  types,
  writing,
  type Asked,
} from "./inventory-matrix-requests.ts";
import { matrixRoles, mayRead, type Marker } from "./inventory-matrix-roles.ts";
import { matrixSite, type MatrixSite } from "./inventory-matrix-site.ts";

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

const probes = (
  { type: ofEntry, entry }: Marker,
  word: string,
): readonly (readonly [string, Asked])[] => [
  ...[
    ...["secret", "open", "name", "shelf.secret", "owner.mail"].map((path) => ["Box", path]),
    [ofEntry, ofEntry === "Keeper" ? "mail" : "secret"],
  ].flatMap(([type, path]) =>
    [
      { op: "eq", value: word },
      { op: "like", value: word.slice(0, -1) },
      { op: "ne", value: word },
    ].map(
      (one) =>
        ["post", { path: `${base}/search`, body: { type, where: { path, ...one } } }] as const,
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
  // A word about an entry by its id, and one that is to find it by a key.
  ...[{ id: site.ids[entry], set: { secret: word } }, { set: { secret: word, open: "x" } }].map(
    (item) =>
      [
        "post",
        { path: `${base}/claims`, body: { source: "probe", items: [{ type: ofEntry, ...item }] } },
      ] as const,
  ),
  ["post", { path: `${base}/imports`, body: { files: [sheetOf(ofEntry, word)] } }],
  [
    "post",
    {
      path: `${base}/changes`,
      body: {
        title: "x",
        items: [{ id: site.ids[entry], version: 1, attributes: { secret: word } }],
      },
    },
  ],
];

const sheetOf = (type: string, word: string): object => ({
  name: "probe.csv",
  source: "probe",
  type,
  as_of: "2026-04-01T09:00:00+09:00",
  text: `secret,open\n${word},x\n`,
});

describe("the access matrix", () => {
  test("has every route of the inventory", () => {
    const known = new Set([...Object.keys(reading), ...Object.keys(writing)]);
    expect(own().filter((name) => !known.has(name))).toEqual([]);
    expect([...known].filter((name) => !own().includes(name))).toEqual([]);
  });

  test("has requests whose answers hold something that could be told", async () => {
    const mute: string[] = [];
    const missed = new Set(site.markers.map(({ word }) => word));
    for (const [name, requests] of Object.entries(reading)) {
      const [method = ""] = name.split(" ");
      let told = false;
      for (const asked of requests(site)) {
        const { text } = await ask("admin", method, { ...asked, path: base + asked.path });
        const words = site.markers.filter(({ word }) => text.includes(word));
        words.forEach(({ word }) => missed.delete(word));
        told ||= words.length > 0;
      }
      if (told === silent.has(name)) mute.push(name);
    }
    expect(mute).toEqual([]);
    expect([...missed]).toEqual([]);
  }, 120_000);

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
        (marker) =>
          !mayRead(role, marker) &&
          marker.current &&
          marker.attribute !== "due" &&
          types.slice(0, 3).includes(marker.type),
      );
      for (const marker of hidden) {
        const { word } = marker;
        const nowhere = `${word.slice(0, -2)}~~`;
        const [real, bogus] = [probes(marker, word), probes(marker, nowhere)];
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
              .replaceAll(/"(?:request[^"]*|id|sha256|fingerprint|created_at)":"[^"]*"/g, "");
          expect(plain(a), `${role} ${JSON.stringify(asked)}`).toBe(plain(b));
        }
      }
    },
    300_000,
  );

  test.each(roles)(
    "%s writes the attributes that are granted, and no others",
    async (role) => {
      for (const { entry, type, zone, attribute, deleted, current } of site.markers) {
        if (deleted || !current || ["name", "label", "due"].includes(attribute)) continue;
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

  // What may be done is done elsewhere: here the entries stay as they are.
  test.each(["nothing", "open", "shelves", "oneBox", "racks"])(
    "%s is told nothing by writes that fail",
    async (role) => {
      const found: string[] = [];
      for (const [name, requests] of Object.entries(writing)) {
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

  test.each(roles.filter((role) => role !== "nothing"))(
    "an import of others does not exist for %s, and one's own tells nothing that is hidden",
    async (role) => {
      const [staged = ""] = site.planted.imports;
      const path = `${base}/imports/${staged}`;
      const decisions = [{ type: "Box", attribute: "secret", take: "document" }];
      const statuses = await Promise.all([
        ask(role, "get", { path }),
        ask(role, "get", { path: `${path}/rows` }),
        ask(role, "post", { path: `${path}/decisions`, body: { decisions } }),
        ask(role, "post", { path: `${path}/commit`, body: {} }),
        ask(role, "post", {
          path: `${base}/imports`,
          body: { import: staged, files: [sheetOf("Box", "x")] },
        }),
        ask(role, "delete", { path, body: {} }),
      ]).then((answers) => answers.map(({ status }) => status));
      expect(statuses.every((status) => status === 404 || status === 403 || status === 400)).toBe(
        true,
      );
      expect((await ask("admin", "get", { path })).text).toContain('"state":"staged"');
      const found: string[] = [];
      for (const column of ["name", "secret"]) {
        const rows = site.markers
          .filter(
            ({ type, attribute, current }) => type === "Box" && current && attribute === column,
          )
          .map(({ word }) => `${word},probed`);
        const text = [`${column},open`, ...rows, ""].join("\n");
        const body = { files: [{ name: "own.csv", source: "own", type: "Box", text }] };
        const made = await ask(role, "post", { path: `${base}/imports`, body });
        found.push(...leaks(role, { path: "", body }, made));
        if (made.status !== 201) continue;
        const { id } = JSON.parse(made.text) as { id: string };
        const shown = await ask(role, "get", { path: `${base}/imports/${id}/rows` });
        found.push(...leaks(role, { path: "", body }, shown));
        await ask(role, "delete", { path: `${base}/imports/${id}`, body: {} });
      }
      expect(found).toEqual([]);
    },
    60_000,
  );
});
