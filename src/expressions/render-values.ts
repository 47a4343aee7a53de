/** StackStorm's way to fill in a mapping of templates (action-chains, notifications): every value on its own, as text. */
import { type Ask, ExpressionError } from "./context.ts";
import { compileJinjaTemplate, type JinjaTemplate } from "./jinja/compile.ts";
import { DatastoreLookup } from "./jinja/datastore.ts";
import { PythonError } from "./python/errors.ts";
import { dumps, toPlain } from "./python/json.ts";
import { loads } from "./python/json-read.ts";
import { isObject, type JsonObject } from "../model/json.ts";

/** A value of the mapping that cannot be rendered. `message` is Jinja's. */
export class RenderFault extends Error {
  override readonly name = "RenderFault";
  readonly key: string;
  /** What was rendered: the text, or the JSON of a list or mapping. */
  readonly template: string;
  constructor(key: string, template: string, message: string) {
    super(message);
    this.key = key;
    this.template = template;
  }
}

const templates = new Map<string, JinjaTemplate>();

function templateOf(text: string): JinjaTemplate {
  let template = templates.get(text);
  if (template === undefined) {
    template = compileJinjaTemplate(text);
    if (templates.size >= 1000) templates.clear();
    templates.set(text, template);
  }
  return template;
}

/** Renders each value of `mapping`. Text becomes text; a list or mapping is rendered as JSON and read again, so what it holds stays text
 * as well; a value that holds no template keeps its type. Names are the `variables`, all of them once more under `__context`, and `system`,
 * the old name of `st2kv.system`. What was rendered is never rendered again. Lenient: what is not there is an empty text. Throws RenderFault, or Unanswered. */
export function renderValues(
  mapping: JsonObject,
  variables: JsonObject,
  ask: Ask,
  { lenient = false }: { readonly lenient?: boolean } = {},
): JsonObject {
  const system = new DatastoreLookup(ask, "system");
  const context = { variables: { __context: variables, ...variables, system }, ask, lenient };
  return Object.fromEntries(
    Object.entries(mapping).map(([key, value]) => [key, rendered(key, value, context)]),
  );
}

function rendered(
  key: string,
  value: unknown,
  context: { readonly variables: JsonObject; readonly ask: Ask; readonly lenient: boolean },
): unknown {
  const container = Array.isArray(value) || isObject(value);
  if (!container && typeof value !== "string") return value;
  const text = container ? dumps(value, { separators: [",", ":"], ensureAscii: false }) : value;
  if (!mayChange(text)) return value;
  try {
    const template = templateOf(text);
    const result = context.lenient ? template.renderLeniently(context) : template.render(context);
    if (result === text) return value;
    return container ? toPlain(loads(result)) : result;
  } catch (error) {
    if (error instanceof ExpressionError || error instanceof PythonError)
      throw new RenderFault(key, text, error.message);
    throw error;
  }
}

/** Jinja leaves text without marks as it is, but for one line end at its end. */
function mayChange(text: string): boolean {
  return /\{[{%#]|\r|\n$/.test(text);
}
