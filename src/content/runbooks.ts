/** The index of request types and the documents it names, read and checked; each problem with its place. */
import { posix } from "node:path";
import { isObject, type JsonObject } from "../model/json.ts";
import type {
  Bilingual,
  Catalog,
  PreparedType,
  RequestType,
  SubTicket,
} from "../runbooks/catalog.ts";
import { type RunbookDocument, type Tongue, readDocument } from "../runbooks/document.ts";
import { expressionFault } from "../runbooks/template.ts";
import { checkRunbook } from "./runbook-document.ts";
import { listNames, nearest, type Problem, ProblemList, type SourceFile } from "./problems.ts";
import { textOf } from "./reading.ts";
import { checkShape, type Field, type Shape } from "./shape.ts";
import { parseYaml, type Path } from "./yaml.ts";

/** Files of one version of the documents: a directory, or a commit. */
export interface RunbookTree {
  /** Paths of all files, with `/`. */
  readonly paths: readonly string[];
  /** The text of a file, or undefined. */
  read(path: string): Promise<string | undefined>;
}

export interface Runbooks {
  readonly catalog: Catalog;
  /** By path in the tree. */
  readonly documents: ReadonlyMap<string, RunbookDocument>;
  readonly problems: readonly Problem[];
}

export interface RunbookOptions {
  /** Path of the index in the tree. */
  readonly index: string;
  /** Components that the ticket system has; undefined: those that the index lists, or any. */
  readonly components?: readonly string[];
  /** Patterns of commands that may run. */
  readonly commands: readonly string[];
}

const filled: Field = { shape: { kind: "string", filled: true }, required: true };
const text: Field = { shape: { kind: "string", filled: true } };
const names: Shape = { kind: "list", items: { kind: "string", filled: true } };
const bilingual: Shape = {
  kind: "either",
  of: [
    { kind: "string", filled: true },
    { kind: "record", others: "reject", fields: { ja: text, en: text } },
  ],
};
const subticket: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    name: { shape: bilingual, required: true },
    doc: filled,
    when: text,
    checks_on: text,
    component: text,
  },
};
const prepared: Readonly<Record<string, Field>> = {
  name: { shape: bilingual },
  when: text,
  subtickets: { shape: { kind: "list", items: subticket, filled: true }, required: true },
};
const request: Shape = {
  kind: "record",
  others: "reject",
  fields: { request: filled, component: filled, ...prepared },
};
const alert: Shape = { kind: "record", others: "reject", fields: { alert: filled, ...prepared } };
const requests: Shape = { kind: "list", items: request };
const shape: Shape = {
  kind: "either",
  of: [
    requests,
    {
      kind: "record",
      others: "reject",
      fields: {
        components: { shape: names },
        requests: { shape: requests, required: true },
        alerts: { shape: { kind: "list", items: alert } },
      },
    },
  ],
};

/** Reads the index and every document that it names. Never rejects because of what is written in them. */
export async function readRunbooks(tree: RunbookTree, options: RunbookOptions): Promise<Runbooks> {
  const problems = new ProblemList();
  const { index } = options;
  const written = await tree.read(index);
  const none: Catalog = { components: undefined, requests: [], alerts: [] };
  if (written === undefined) {
    problems.atFile("error", index, "there is no index of request types", {
      suggestion: nearest(index, tree.paths),
    });
    return { catalog: none, documents: new Map(), problems: problems.problems };
  }
  const yaml = parseYaml(written);
  const source: SourceFile = { file: index, yaml, pack: "" };
  for (const fault of yaml.faults) problems.add({ ...fault, file: index });
  const broken = yaml.faults.some(({ severity }) => severity === "error");
  const sound = !broken && checkShape(shape, yaml.value, { source, path: [] }, problems);
  const reading: IndexReading = { source, problems, tree, options };
  const catalog = sound ? catalogOf(yaml.value, reading) : none;
  const documents = new Map<string, RunbookDocument>();
  const base = posix.dirname(index);
  const wanted = new Set(
    [...catalog.requests, ...catalog.alerts].flatMap(({ subtickets }) =>
      subtickets.flatMap(({ doc }) => variants(doc)),
    ),
  );
  for (const path of tree.paths) if (isDocument(path, base)) wanted.add(path);
  for (const path of wanted) {
    const document = await read(path, reading);
    if (document !== undefined) documents.set(path, document);
  }
  return { catalog, documents, problems: problems.problems };
}

/** `dns/add.md` → itself and `dns/add.en.md`, `dns/add.ja.md`: the same document in another language. */
function variants(doc: string): readonly string[] {
  const stem = doc.replace(/\.md$/, "");
  return [doc, `${stem}.ja.md`, `${stem}.en.md`];
}

/** The document in that language where it is there, else as the index names it. */
export function documentIn(
  documents: ReadonlyMap<string, RunbookDocument>,
  doc: string,
  tongue: Tongue,
): RunbookDocument | undefined {
  return documents.get(doc.replace(/\.md$/, `.${tongue}.md`)) ?? documents.get(doc);
}

function isDocument(path: string, base: string): boolean {
  const inside = base === "." ? path : path.startsWith(`${base}/`);
  return Boolean(inside) && path.endsWith(".md") && !/(?:^|\/)README(?:\.\w+)?\.md$/i.test(path);
}

interface IndexReading {
  readonly source: SourceFile;
  readonly problems: ProblemList;
  readonly tree: RunbookTree;
  readonly options: RunbookOptions;
}

async function read(path: string, reading: IndexReading): Promise<RunbookDocument | undefined> {
  const written = await reading.tree.read(path);
  if (written === undefined) return undefined;
  const { problems, options } = reading;
  const { document, faults } = readDocument(path, written, (frontMatter) => {
    const yaml = parseYaml(frontMatter);
    for (const fault of yaml.faults) problems.add({ ...fault, line: fault.line + 1, file: path });
    return yaml.value;
  });
  checkRunbook({ path, written, document, faults, commands: options.commands }, problems);
  return document;
}

function catalogOf(value: unknown, reading: IndexReading): Catalog {
  const top = isObject(value) ? value : {};
  const list: unknown = Array.isArray(value) ? value : top["requests"];
  const path: Path = Array.isArray(value) ? [] : ["requests"];
  const written = Array.isArray(top["components"]) ? top["components"].map(String) : undefined;
  const { components = written } = reading.options;
  const entries = { ...reading, components };
  const seen = new Set<string>();
  const each = <Type extends PreparedType>(
    given: unknown,
    [from, key]: readonly [Path, "request" | "alert"],
    make: (one: JsonObject, here: Path) => Type,
  ): readonly Type[] =>
    (Array.isArray(given) ? given : []).filter(isObject).map((one, number) => {
      const here = [...from, number];
      const type = make(one, here);
      if (seen.has(type.request))
        reading.problems.error(
          reading.source,
          [...here, key],
          `there is a second "${type.request}"`,
        );
      seen.add(type.request);
      return type;
    });
  return {
    components,
    requests: each(list, [path, "request"], (one, here) => requestOf(one, here, entries)),
    alerts: each(top["alerts"], [["alerts"], "alert"], (one, here) =>
      preparedOf(one, [here, "alert"], entries),
    ),
  };
}

interface EntryReading extends IndexReading {
  readonly components: readonly string[] | undefined;
}

function requestOf(one: JsonObject, path: Path, reading: EntryReading): RequestType {
  const component = textOf(one, "component");
  checkComponent(component, [...path, "component"], reading);
  return { ...preparedOf(one, [path, "request"], reading), component };
}

function preparedOf(
  one: JsonObject,
  [path, key]: readonly [Path, string],
  reading: EntryReading,
): PreparedType {
  const { subtickets } = one;
  const type = textOf(one, key);
  return {
    request: type,
    name: one["name"] === undefined ? { ja: type, en: type } : bilingualOf(one["name"]),
    when: condition(one, "when", path, reading),
    subtickets: (Array.isArray(subtickets) ? subtickets : [])
      .filter(isObject)
      .map((each, number) => subticketOf(each, [...path, "subtickets", number], reading)),
  };
}

function subticketOf(one: JsonObject, path: Path, reading: EntryReading): SubTicket {
  const { tree, options, source, problems } = reading;
  const component = optional(one, "component");
  if (component !== undefined) checkComponent(component, [...path, "component"], reading);
  const doc = posix.normalize(posix.join(posix.dirname(options.index), textOf(one, "doc")));
  if (!variants(doc).some((each) => tree.paths.includes(each))) {
    const base = posix.dirname(options.index);
    const known = tree.paths
      .filter((each) => each.endsWith(".md"))
      .map((each) => posix.relative(base, each));
    const suggestion = nearest(textOf(one, "doc"), known);
    problems.error(source, [...path, "doc"], `there is no document "${textOf(one, "doc")}"`, {
      expected: "a path beside the index",
      suggestion,
    });
  }
  return {
    name: bilingualOf(one["name"]),
    doc,
    when: condition(one, "when", path, reading),
    checksOn: condition(one, "checks_on", path, reading),
    component,
  };
}

function checkComponent(
  component: string,
  path: Path,
  { components, source, problems }: EntryReading,
): void {
  if (components === undefined || components.includes(component)) return;
  problems.error(source, path, `there is no component "${component}"`, {
    expected: listNames(components),
    suggestion: nearest(component, components),
  });
}

function condition(
  one: JsonObject,
  key: string,
  path: Path,
  { source, problems }: IndexReading,
): string | undefined {
  const written = optional(one, key);
  if (written === undefined) return undefined;
  const fault = expressionFault(written);
  if (fault === undefined) return written;
  problems.errorInText(source, { path: [...path, key], offset: fault.offset }, fault.message, {
    expected: "JSONata, such as $.fields.env = 'prod'",
  });
  return undefined;
}

function optional(one: JsonObject, key: string): string | undefined {
  const value = one[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function bilingualOf(value: unknown): Bilingual {
  if (!isObject(value)) return { ja: String(value), en: String(value) };
  const { ja, en } = value;
  return {
    ...(typeof ja === "string" ? { ja } : {}),
    ...(typeof en === "string" ? { en } : {}),
  };
}
