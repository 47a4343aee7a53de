/** What is saved beside the documents of the access matrix's site: claims, conflicts, changes that wait, imports, breakers, misfits. Each says words of
 * its own. */
import { parse } from "yaml";
import type { JsonObject } from "../../src/model/json.ts";
import { addBreaker } from "../../src/store/breakers.ts";
import { addMisfits } from "../../src/store/inventory/migration.ts";
import { uuidv7 } from "../../src/store/inventory/uuid.ts";
import type { Db } from "../../src/store/schema.ts";
import type { Inventory } from "../../src/engine/inventory.ts";
import { declaration } from "../inventory/types.ts";
import type { Word } from "./inventory-matrix-site.ts";

const declared = `
- { source: watch, policy: report }
- { source: ask, policy: propose }
- { source: push, policy: enforce }
`;
export const sourceFiles = (parse(declared) as readonly JsonObject[]).map((document, index) => ({
  ...declaration(`source${index}`, "{}"),
  kind: "inventory-source" as const,
  document,
}));

/** Ids of what was planted. */
export interface Planted {
  readonly drifts: readonly string[];
  /** One that waits, one that is blocked, one that would make an entry. */
  readonly changes: readonly string[];
  /** One that is staged, then one that was committed. */
  readonly imports: readonly string[];
  readonly breakers: readonly string[];
}

interface Ground {
  readonly inventory: Inventory;
  readonly ids: Readonly<Record<string, string>>;
  readonly word: Word;
  readonly db: Db;
}

type Ask = (method: string, path: string, body?: unknown) => Promise<JsonObject>;

function asking(url: string): Ask {
  return async (method, path, body) => {
    const response = await fetch(`${url}/api/v2/inventory${path}`, {
      method,
      headers: { "x-auth-token": "admin", "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as JsonObject;
  };
}

const boxes = ["BoxA", "BoxB"];
const both = ["open", "secret"];

/** What sources say that differs, one word about each attribute; and one that somebody rejected with a note. */
async function plantClaims(ask: Ask, { ids, word }: Ground): Promise<readonly string[]> {
  const said = (entry: string, source: string): JsonObject =>
    Object.fromEntries(both.map((name) => [name, word(entry, `${name}-${source}`)]));
  for (const source of ["watch", "ask", "push", "loser"]) {
    const items = boxes.map((entry) => ({ type: "Box", id: ids[entry], set: said(entry, source) }));
    await ask("POST", "/claims", { source, items });
  }
  const { drifts } = (await ask("GET", "/drifts?source=loser")) as {
    drifts: { id: string; attribute: string; entry: { name: string } }[];
  };
  for (const { id, attribute, entry } of drifts) {
    const comment = word(entry.name.replace("-name", ""), `${attribute}-note`);
    await ask("POST", `/drifts/${id}/reject`, { comment });
  }
  const open = (await ask("GET", "/drifts?limit=1000"))["drifts"] as { id: string }[];
  return open.map(({ id }) => id);
}

async function plantChanges(
  ask: Ask,
  { ids, word, inventory }: Ground,
): Promise<readonly string[]> {
  const propose = async (items: readonly JsonObject[]): Promise<string> =>
    String((await ask("POST", "/changes", { title: "planned", items }))["id"]);
  const waiting = await propose(
    boxes.map((entry) => ({
      id: ids[entry],
      attributes: Object.fromEntries(both.map((name) => [name, word(entry, `${name}-wanted`)])),
    })),
  );
  const made = { name: "fresh", secret: word("BoxA", "secret-new", { whole: true }), zone: "a" };
  const fresh = await propose([{ op: "create", type: "Box", attributes: made }]);
  const blocked: string[] = [];
  for (const entry of boxes) {
    const path = `/entries/${ids[entry] ?? ""}`;
    const secret = word(entry, "secret-between");
    await ask("PATCH", path, { attributes: { secret } });
    blocked.push(
      await propose([{ id: ids[entry], attributes: { secret: word(entry, "secret-blocked") } }]),
    );
    const { attributes } = await inventory.get(ids[entry] ?? "");
    if (attributes["secret"] !== secret) throw new Error(`${entry} was not changed`);
    await ask("PATCH", path, { attributes: { secret: `${entry}-secret` } });
    const { state } = await ask("POST", `/changes/${blocked.at(-1) ?? ""}/approve`, {});
    if (state !== "blocked") throw new Error(`the change is ${String(state)}`);
  }
  return [waiting, fresh, ...blocked];
}

/** Sheets: two that contradict each other and are committed so, one that waits. */
async function plantImports(ask: Ask, { word }: Ground): Promise<readonly string[]> {
  const sheet = (source: string, whole: boolean): JsonObject => {
    const rows = boxes.map((entry) =>
      [
        `${entry}-name`,
        ...["open", "secret"].map((name) => word(entry, `${name}-${source}`, { whole })),
      ].join(),
    );
    return {
      name: whole ? word("BoxA", "secret-file", { whole }) : `${source}.csv`,
      source,
      type: "Box",
      text: ["name,open,secret", ...rows, ""].join("\n"),
    };
  };
  const disputed = await ask("POST", "/imports", {
    files: [sheet("one", false), sheet("two", false)],
  });
  await ask("POST", `/imports/${String(disputed["id"])}/commit`, { reason: "sheets" });
  const staged = await ask("POST", "/imports", { files: [sheet("staged", true)] });
  return [String(staged["id"]), String(disputed["id"])];
}

export async function plant(url: string, ground: Ground): Promise<Planted> {
  const ask = asking(url);
  const { ids, word, db, inventory } = ground;
  const changes = await plantChanges(ask, ground);
  const imports = await plantImports(ask, ground);
  const drifts = await plantClaims(ask, ground);
  const type = inventory.known.byName.get("Box");
  const breakers: string[] = [];
  for (const entry of boxes) {
    const [id, entryId] = [uuidv7(), ids[entry] ?? ""];
    await addBreaker(db, {
      id,
      rule: "test.rule0",
      entry: entryId,
      firings: 9,
      seconds: 60,
      hold: 0,
    });
    breakers.push(id);
    const message = word(entry, "secret-misfit", { whole: true });
    await addMisfits(db, [
      {
        entryId,
        typeId: type?.id ?? 0,
        schemaVersion: 99,
        problems: [{ path: "secret", message }],
      },
    ]);
  }
  return { drifts, changes, imports, breakers };
}
