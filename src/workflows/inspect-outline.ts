/** A definition as inspection walks through it: every shorthand resolved as Orquesta does, broken parts left out, and for each part
 * how Orquesta calls its place and where it stands in the document. */
import { pyStr } from "../expressions/python/text.ts";
import { inlineParameters } from "./inline-parameters.ts";
import { isMapping, wordText, type Step } from "./inspect-schema.ts";

export interface Property {
  readonly value: unknown;
  /** `tasks.t1.next[0].when` */
  readonly specPath: string;
  readonly schemaPath: string;
  readonly path: readonly Step[];
  /** The string at `path`, when the value was taken out of it. */
  readonly text?: string;
}

export interface OutlineTransition {
  /** `when`, `publish`, `do`, in the order in which they are evaluated. */
  readonly properties: readonly Property[];
  readonly publish: Property | undefined;
  readonly specPath: string;
  readonly schemaPath: string;
  readonly path: readonly Step[];
  readonly written: unknown;
  readonly targets: readonly string[];
}

export interface OutlineTask {
  readonly name: string;
  readonly specPath: string;
  readonly schemaPath: string;
  /** What is evaluated before the task runs, in order. */
  readonly properties: readonly Property[];
  /** Expressions that see what only the engine knows: `retry`, `join`. */
  readonly others: readonly Property[];
  readonly next: readonly OutlineTransition[];
  readonly join: unknown;
  readonly hasItems: boolean;
  readonly hasAction: boolean;
}

export interface Outline {
  readonly input: Property | undefined;
  readonly vars: Property | undefined;
  readonly output: Property | undefined;
  readonly tasks: ReadonlyMap<string, OutlineTask>;
}

const taskSchema = `properties.tasks.patternProperties.${wordText}`;

/** Python's truth of a value. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMapping(value)) return Object.keys(value).length > 0;
  return typeof value === "object" && value !== null ? Number(value) !== 0 : Boolean(value);
}

/** Never throws, whatever the document is. */
export function outlineOf(document: unknown): Outline {
  const written = isMapping(document) ? document : {};
  const top = (name: string): Property | undefined =>
    propertyOf(written, name, { specPath: "", schemaPath: "", path: [] });
  const tasks = new Map<string, OutlineTask>();
  const all = written["tasks"];
  for (const [name, task] of Object.entries(isMapping(all) ? all : {})) {
    if (isMapping(task) || task === null) tasks.set(name, outlineTask(name, task ?? {}));
  }
  return { input: top("input"), vars: top("vars"), output: top("output"), tasks };
}

interface Holder {
  readonly specPath: string;
  readonly schemaPath: string;
  readonly path: readonly Step[];
}
type Dict = Readonly<Record<string, unknown>>;

function propertyOf(dict: Dict, name: string, holder: Holder): Property | undefined {
  const value = dict[name];
  if (value === undefined) return undefined;
  return { value, ...under(holder, name) };
}

function under({ specPath, schemaPath, path }: Holder, name: string): Holder {
  return {
    specPath: specPath === "" ? name : `${specPath}.${name}`,
    schemaPath: `${schemaPath}${schemaPath === "" ? "" : "."}properties.${name}`,
    path: [...path, name],
  };
}

function outlineTask(name: string, task: Dict): OutlineTask {
  const holder = {
    specPath: `tasks.${name}`,
    schemaPath: taskSchema,
    path: ["tasks", name],
  };
  const own = (key: string): Property | undefined => propertyOf(task, key, holder);
  const items = task["with"];
  return {
    name,
    ...holder,
    properties: present([
      own("delay"),
      ...withProperties(items, under(holder, "with")),
      ...actionProperties(task, holder),
    ]),
    others: present([own("join"), ...retryProperties(task["retry"], under(holder, "retry"))]),
    next: transitionsOf(task["next"], under(holder, "next")),
    join: task["join"],
    hasItems: items !== undefined && items !== null,
    hasAction: isTruthy(task["action"]),
  };
}

function present(list: readonly (Property | undefined)[]): Property[] {
  return list.filter((each) => each !== undefined);
}

/** `with: x in <% … %>` is short for `with: {items: …}`. */
function withProperties(written: unknown, holder: Holder): readonly (Property | undefined)[] {
  if (typeof written === "string") {
    const { specPath, schemaPath } = under(holder, "items");
    return [{ value: written, specPath, schemaPath, path: holder.path }];
  }
  if (!isMapping(written)) return [];
  return [propertyOf(written, "items", holder), propertyOf(written, "concurrency", holder)];
}

function retryProperties(written: unknown, holder: Holder): readonly (Property | undefined)[] {
  if (!isMapping(written)) return [];
  return ["when", "count", "delay"].map((name) => propertyOf(written, name, holder));
}

/** `action: core.echo message=<% … %>` holds its input, which then replaces `input`. */
function actionProperties(task: Dict, holder: Holder): readonly (Property | undefined)[] {
  const action = propertyOf(task, "action", holder);
  const text = action?.value;
  const inline = typeof text === "string" ? inlineParameters(text) : [];
  if (action === undefined || typeof text !== "string" || inline.length === 0) {
    return [action, propertyOf(task, "input", holder)];
  }
  const { specPath, schemaPath } = under(holder, "input");
  const value = Object.fromEntries(inline);
  return [
    { ...action, value: text.includes(" ") ? text.slice(0, text.indexOf(" ")) : text },
    { value, specPath, schemaPath, path: action.path, text },
  ];
}

function transitionsOf(written: unknown, holder: Holder): OutlineTransition[] {
  if (!Array.isArray(written)) return [];
  return written.map((item: unknown, index) =>
    transitionOf(isMapping(item) ? item : {}, {
      specPath: `${holder.specPath}[${index}]`,
      schemaPath: `${holder.schemaPath}.items`,
      path: [...holder.path, index],
    }),
  );
}

function transitionOf(item: Dict, holder: Holder): OutlineTransition {
  const publish = publishOf(propertyOf(item, "publish", holder));
  return {
    ...holder,
    publish,
    properties: present([propertyOf(item, "when", holder), publish, propertyOf(item, "do", holder)]),
    written: item["do"],
    targets: targetsOf(item["do"]),
  };
}

/** `publish: a=<% … %> b=1` is short for a list of one-key dicts. */
function publishOf(publish: Property | undefined): Property | undefined {
  return publish === undefined || !isTruthy(publish.value) ? publish : inlined(publish, true);
}

/** A string that holds `name=value` pairs as the list of them; other values as they are. */
export function inlined(property: Property, always = false): Property {
  const { value } = property;
  if (typeof value !== "string" || property.text !== undefined) return property;
  const pairs = inlineParameters(value);
  if (pairs.length === 0 && !always) return property;
  return { ...property, value: pairs.map(([name, each]) => ({ [name]: each })), text: value };
}

function targetsOf(written: unknown): readonly string[] {
  if (!isTruthy(written)) return ["continue"];
  if (typeof written === "string") return written.split(",").map((name) => name.trim());
  if (Array.isArray(written)) return written.map(pyStr);
  return isMapping(written) ? Object.keys(written) : [];
}
