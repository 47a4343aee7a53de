/** Every route of the inventory answers what the OpenAPI document says, no more and no less. A new route needs its answer there, and a request here. */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import { reading, type Asked } from "./inventory-matrix-requests.ts";
import { matrixSite, type MatrixSite } from "./inventory-matrix-site.ts";

const base = "/api/v2/inventory";
let site: MatrixSite;
let check: (name: string, status: number, body: unknown) => readonly string[];
beforeAll(async () => {
  site = await matrixSite();
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const document = await fetch(`${site.url}/api/v2/openapi.json`);
  ajv.addSchema((await document.json()) as JsonObject, "api");
  check = (name, status, body) => {
    const [method = "", path = ""] = name.split(" ");
    const place = (base + path).replaceAll(/:(\w+)/g, "{$1}").replaceAll("/", "~1");
    const ref = `api#/paths/${place}/${method}/responses/${status}/content/application~1json/schema`;
    const validate = ajv.getSchema(encodeURI(ref).replaceAll("%7B", "{").replaceAll("%7D", "}"));
    if (validate === undefined) return [`${name} ${status} is not documented`];
    if (validate(body) === true) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${name} ${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
}, 120_000);
afterAll(() => site[Symbol.asyncDispose]());

async function ask(
  name: string,
  { path, body, headers }: Asked,
  token = "admin",
): Promise<Response> {
  const [method = ""] = name.split(" ");
  return fetch(site.url + base + path, {
    method: method.toUpperCase(),
    headers: { "x-auth-token": token, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** What is wrong with the answer; null when it was a refusal. */
async function faults(
  name: string,
  asked: Asked,
  token?: string,
): Promise<readonly string[] | null> {
  const response = await ask(name, asked, token);
  const body = await response.text();
  if (!response.ok) return null;
  const type = response.headers.get("content-type") ?? "";
  return type.includes("json") ? check(name, response.status, JSON.parse(body)) : [];
}

const idOf = ({ id }: JsonObject): string => String(id);
const sheet = (source: string, mail: string) => ({
  name: `${source}.csv`,
  source,
  type: "Keeper",
  text: `name,mail,odd\nk3,${mail},x\n`,
});

describe("what the OpenAPI document says of the inventory's answers", () => {
  test("is said of every route", () => {
    const own = site.routes.filter(({ path }) => path.startsWith(`${base}/`));
    expect(own.length).toBeGreaterThan(60);
    expect(own.filter(({ answer }) => answer === undefined).map(({ path }) => path)).toEqual([]);
  });

  test.each(["admin", "both"])(
    "holds of all that %s reads",
    async (token) => {
      const found: string[] = [];
      const refused: string[] = [];
      for (const [name, requests] of Object.entries(reading)) {
        let answered = false;
        for (const asked of requests(site)) {
          const wrong = await faults(name, asked, token);
          answered ||= wrong !== null;
          found.push(...(wrong ?? []));
        }
        if (!answered) refused.push(name);
      }
      expect([...new Set(found)].slice(0, 40)).toEqual([]);
      expect(token === "admin" ? refused : []).toEqual([]);
    },
    120_000,
  );

  test("holds of all writes", async () => {
    const found: string[] = [];
    const done = new Set<string>();
    const act = async (name: string, path: string, body?: unknown): Promise<JsonObject> => {
      const response = await ask(name, { path, body });
      const answer = (await response.json()) as JsonObject;
      if (!response.ok) found.push(`${name} ${path}: ${response.status} ${JSON.stringify(answer)}`);
      else found.push(...check(name, response.status, answer));
      done.add(name);
      return answer;
    };
    const entry = async (attributes: JsonObject): Promise<string> =>
      idOf(
        (await act("post /entries", "/entries", { type: "Keeper", attributes }))[
          "entry"
        ] as JsonObject,
      );
    const [keeper, box, rack] = [
      await entry({ name: "k1", mail: "m1" }),
      site.ids["BoxA"] ?? "",
      site.ids["ShelfA"],
    ];
    await act("patch /entries/:id", `/entries/${keeper}`, { attributes: { mail: "m2" } });
    const history = (await (await ask("get ", { path: `/entries/${keeper}/history` })).json()) as {
      revisions: { changeset: string }[];
    };
    await act(
      "post /changesets/:id/revert",
      `/changesets/${history.revisions[0]?.changeset ?? ""}/revert`,
      {},
    );
    await act("post /entries/:id/revert", `/entries/${keeper}/revert`, { version: 2 });
    await act("delete /entries/:id", `/entries/${keeper}`);
    await act("post /entries/:id/restore", `/entries/${keeper}/restore`, {});
    await act("post /upsert", "/upsert", {
      items: [
        { type: "Keeper", match: [["name"]], set: { name: "k1", mail: "m3" } },
        { type: "Keeper", match: [["name"]], set: { name: 7 } },
        { type: "Keeper", match: [["name"]], set: { name: "k2" } },
      ],
    });
    await act("post /allocate", "/allocate", {
      type: "Box",
      from: rack,
      set: { name: "taken", zone: "a" },
    });
    const copy = { set: { secret: "copied" } };
    await act("post /entries/:id/clone", `/entries/${box}/clone`, { ...copy, dry_run: true });
    await act("post /entries/:id/clone", `/entries/${box}/clone`, copy);

    const staged = await act("post /imports", "/imports", {
      files: [sheet("p", "a@x"), sheet("q", "b@x")],
    });
    const imported = `/imports/${idOf(staged)}`;
    const decisions = [{ type: "Keeper", entry: "k3", attribute: "mail", take: "p" }];
    await act("post /imports/:id/decisions", `${imported}/decisions`, { decisions });
    await act("post /imports/:id/commit", `${imported}/commit`, {});
    await act("post /imports/:id/revert", `${imported}/revert`, {});
    await act("delete /imports/:id", `/imports/${site.planted.imports[0] ?? ""}`);

    await act("post /claims", "/claims", {
      source: "watch",
      complete: true,
      force: true,
      items: [
        { type: "Keeper", set: { name: "k1", mail: "other" } },
        { type: "Keeper", set: { name: "nobody" } },
        { type: "Keeper", set: { name: 7 } },
      ],
    });
    const pushed = [
      { set: { name: "k1", mail: "m9" } },
      { set: { name: "no" } },
      { set: { name: 7 } },
    ];
    await act("post /pushes", "/pushes", {
      source: "watch",
      items: pushed.map((one) => ({ type: "Keeper", ...one })),
    });
    const drifts = site.planted.drifts;
    for (const [index, verb] of ["approve", "reject", "enforce"].entries())
      await act(`post /drifts/:id/${verb}`, `/drifts/${drifts[index] ?? ""}/${verb}`, {
        comment: "so",
      });
    await act("post /drifts/decide", "/drifts/decide", {
      decision: "reject",
      drifts: drifts.slice(3, 5),
    });
    await act("post /conflicts/:entry/:attribute/resolve", `/conflicts/${box}/secret/resolve`, {
      take: "document",
    });

    const propose = async (mail: string, more: JsonObject = {}): Promise<string> => {
      const items = [{ type: "Keeper", name: "k1", attributes: { mail } }];
      return idOf(await act("post /changes", "/changes", { title: "t", items, ...more }));
    };
    const decide = (verb: string, id: string) =>
      act(`post /changes/:id/${verb}`, `/changes/${id}/${verb}`, {});
    const later = await propose("later", { apply_at: "2999-01-01T00:00:00Z" });
    await decide("approve", later);
    await decide("apply", later);
    await decide("refuse", await propose("no"));
    await decide("cancel", await propose("never"));
    await decide("rebase", site.planted.changes[2] ?? "");

    await act("post /breakers/:id/reset", `/breakers/${site.planted.breakers[0] ?? ""}/reset`, {});
    await act("post /reindex", "/reindex", {});
    const watched = `/entries/${box}/expiry/due/acknowledge`;
    await act("post /entries/:id/expiry/:attribute/acknowledge", watched, { note: "seen" });
    const saved = { type: "Keeper", where: { mail: "m3" }, shared: true };
    await act("post /filters", "/filters", { name: "mine", ...saved });
    await act("put /filters/:name", "/filters/mine", { ...saved, description: "again" });
    await act("delete /filters/:name", "/filters/mine");
    const wish = { definition: { label: { ja: "番人" } }, dry_run: true };
    await act("patch /types/:type", "/types/Keeper", wish);
    const { definition } = (await (
      await ask("get ", { path: "/types/Keeper/definition" })
    ).json()) as JsonObject;
    await act("put /types/:type", "/types/Keeper", { definition, dry_run: true });

    expect([...new Set(found)]).toEqual([]);
    const writes = site.routes.flatMap(({ method, path }) => {
      const name = `${method} ${path.slice(base.length)}`;
      return path.startsWith(`${base}/`) && !(name in reading) ? [name] : [];
    });
    // No files of types here: tests/store/inventory-type-editing.test.ts takes types away.
    expect(writes.filter((name) => !done.has(name))).toEqual(["delete /types/:type"]);
  }, 120_000);
});
