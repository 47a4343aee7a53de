/** Gives copies names of their own. */
import type { KnownType } from "../inventory/catalogue.ts";
import { changeablePart, keysOf, namesAfter } from "../inventory/clone.ts";
import { patchDocument } from "../inventory/patch.ts";
import { badRequest } from "../inventory/problem.ts";
import type { JsonObject } from "../model/json.ts";
import { findKeys } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import type { CopyDraft } from "./inventory-clone-work.ts";

/** Names that are taken count up until they are free; what cannot be other and need not be there is left out. */
export async function nameAll(tx: Db, drafts: readonly CopyDraft[]): Promise<void> {
  const claimed = new Set<string>();
  for (const draft of drafts) {
    for (const { key } of keysOf(draft.type, draft.document))
      await freeKey(tx, draft, { key, claimed });
    for (const { key, value } of keysOf(draft.type, draft.document))
      claimed.add(JSON.stringify([draft.type.id, key.name, value]));
  }
}

const mostNames = 10_000;
const namesAtOnce = 100;

async function freeKey(
  tx: Db,
  draft: CopyDraft,
  {
    key,
    claimed,
  }: { readonly key: KnownType["keys"][number]; readonly claimed: ReadonlySet<string> },
): Promise<void> {
  const { type } = draft;
  const part = changeablePart(type, key);
  const valueWith = (document: JsonObject): string =>
    keysOf(type, document).find((one) => one.key.name === key.name)?.value ?? "";
  if (
    await isFree(tx, { type, key, values: [valueWith(draft.document)], claimed }).then(
      (all) => all[0],
    )
  )
    return;
  const optional = key.attributes.find((name) => type.attributes.get(name)?.required === false);
  if (part === undefined) {
    // Whatever remains taken is told by the write.
    if (optional !== undefined && key.attributes.length === 1)
      draft.document = patchDocument(draft.document, { [optional]: null });
    return;
  }
  const names = namesAfter(String(draft.document[part]));
  for (let tried = 0; tried < mostNames; tried += namesAtOnce) {
    const candidates = Array.from({ length: namesAtOnce }, () => String(names.next().value));
    const documents = candidates.map((name) => ({ ...draft.document, [part]: name }));
    const free = await isFree(tx, { type, key, values: documents.map(valueWith), claimed });
    const found = documents[free.indexOf(true)];
    if (found !== undefined) {
      draft.document = found;
      return;
    }
  }
  throw badRequest(`no ${part} after ${String(draft.document[part])} is free`);
}

async function isFree(
  tx: Db,
  {
    type,
    key,
    values,
    claimed,
  }: {
    readonly type: KnownType;
    readonly key: KnownType["keys"][number];
    readonly values: readonly string[];
    readonly claimed: ReadonlySet<string>;
  },
): Promise<readonly boolean[]> {
  const probes = values.map((value) => ({
    type_id: type.id,
    key_name: key.name,
    key_value: value,
  }));
  const held = new Set((await findKeys(tx, probes)).map(({ key_value }) => key_value));
  return values.map(
    (value) => !held.has(value) && !claimed.has(JSON.stringify([type.id, key.name, value])),
  );
}
