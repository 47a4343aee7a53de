/** What was written through the API, put over what files say. A stored definition is read like the file it could be. */
import { realpath } from "node:fs/promises";
import { relative } from "node:path";
import { builtinTriggerTypes } from "../model/builtin-triggers.ts";
import type {
  ActionDefinition,
  Content,
  DefinitionKind,
  ParameterSchemas,
  StoredDefinition,
} from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { readAction } from "./actions.ts";
import { readAlias, readPolicy } from "./aliases-and-policies.ts";
import { type Problem, ProblemList, type SourceFile } from "./problems.ts";
import type { Draft, PackReading, Reading } from "./reading.ts";
import { readRule } from "./rules.ts";
import { readNamedTrigger, readTrigger } from "./triggers.ts";

/** Where a stored definition says it comes from; no file is called that. */
const storedPrefix = "api:";

/** Whether a definition with that source file was written through the API. */
export function isStored(file: string): boolean {
  return file.startsWith(storedPrefix);
}

/** The name under which problems of a stored definition are reported. */
export function storedName({
  kind,
  pack,
  name,
}: Pick<StoredDefinition, "kind" | "pack" | "name">): string {
  return `${storedPrefix}${kind}/${pack}.${name}`;
}

type Read = (source: SourceFile, reading: PackReading) => void | Promise<void>;

const readers: Readonly<Partial<Record<DefinitionKind, Read>>> = {
  action: readAction,
  alias: readAlias,
  policy: readPolicy,
  rule: (source, reading) => readRule(source, reading, builtinTriggerTypes),
  trigger: (source, reading) => readNamedTrigger(source, reading, builtinTriggerTypes),
  "trigger-type": readTrigger,
};

/** A later kind may name an earlier one. */
const order: readonly DefinitionKind[] = [
  "runner",
  "trigger-type",
  "trigger",
  "action",
  "rule",
  "alias",
  "policy",
];

function draftOf(content: Content): Draft {
  return {
    packs: new Map(content.packs),
    actions: new Map(content.actions),
    rules: new Map(content.rules),
    triggerTypes: new Map(content.triggerTypes),
    triggers: new Map(content.triggers),
    sensors: new Map(content.sensors),
    aliases: new Map(content.aliases),
    policies: new Map(content.policies),
    workflows: new Map(content.workflows),
    declarations: [...content.declarations],
  };
}

function tableOf(draft: Draft, kind: DefinitionKind): Map<string, unknown> | undefined {
  const tables: Partial<Record<DefinitionKind, Map<string, unknown>>> = {
    action: draft.actions,
    alias: draft.aliases,
    policy: draft.policies,
    rule: draft.rules,
    trigger: draft.triggers,
    "trigger-type": draft.triggerTypes,
  };
  return tables[kind];
}

/** Puts `stored` over `content`. What cannot be read is left out (what a file says of it too: it is not what somebody wanted) and reported. */
export async function addStored(
  content: Content,
  stored: readonly StoredDefinition[],
  { runners }: { readonly runners?: ReadonlyMap<string, ParameterSchemas> },
): Promise<{ readonly content: Content; readonly problems: readonly Problem[] }> {
  if (stored.length === 0) return { content, problems: [] };
  const problems = new ProblemList();
  const draft = draftOf(content);
  const reading: Reading = { problems, draft, runners, later: [], declared: new Map() };
  for (const kind of order)
    for (const each of stored.filter((one) => one.kind === kind)) await put(each, reading);
  for (const check of reading.later) check();
  const runnersOff = new Set(
    stored
      .filter(({ kind, document }) => kind === "runner" && document?.["enabled"] === false)
      .map(({ name }) => name),
  );
  return { content: Object.freeze({ ...draft, runnersOff }), problems: problems.problems };
}

async function put(stored: StoredDefinition, reading: Reading): Promise<void> {
  const { kind, pack, name, document } = stored;
  const { draft } = reading;
  const ref = `${pack}.${name}`;
  const before = kind === "action" ? draft.actions.get(ref) : undefined;
  tableOf(draft, kind)?.delete(ref);
  const read = readers[kind];
  if (document === null || read === undefined) return;
  const file = storedName(stored);
  const yaml = {
    text: "",
    value: document,
    faults: [],
    place: () => ({ line: 1, column: 1 }),
    placeInText: () => ({ line: 1, column: 1 }),
  };
  const path = draft.packs.get(pack)?.path ?? "";
  await read(
    { file, yaml, pack },
    {
      ...reading,
      pack,
      path,
      realPath: path === "" ? "" : await realpath(path).catch(() => path),
      overrides: { enabled: (_kind, _name, own) => own },
      entryPoints: new Map(),
    },
  );
  if (kind === "action") keepMetadataFile(draft, ref, { document, before, path });
}

/** Editors of an action look for its file where it says it is, or where it was before it was written through the API. */
function keepMetadataFile(
  { actions }: Draft,
  ref: string,
  from: {
    readonly document: JsonObject;
    readonly before: ActionDefinition | undefined;
    readonly path: string;
  },
): void {
  const action = actions.get(ref);
  const said = from.document["metadata_file"];
  const metadataFile =
    typeof said === "string" ? said : from.before && relative(from.path, from.before.source.file);
  if (action === undefined || metadataFile === undefined) return;
  actions.set(ref, { ...action, source: { ...action.source, metadataFile } });
}
