/** A pack's configuration as its actions get it: StackStorm's `{{ st2kv.system.name }}` filled in, secrets decrypted. */
import { compileJinjaTemplate } from "../expressions/jinja/compile.ts";
import type { Ask } from "../expressions/context.ts";
import { isJinja } from "../expressions/parameters.ts";
import { castParameter } from "../expressions/python/casts.ts";
import type { PackDefinition } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { schemaOfItem, schemaOfKey } from "../model/schema-parts.ts";
import { decide } from "../processes/ask.ts";
import type { Core } from "./core.ts";

type Configured = Pick<PackDefinition, "config" | "configSchema">;

/** Configurations without lookups, which need no work; a reload makes others. */
const plain = new WeakSet<JsonObject>();

/** For what runs in the name of `user`, whose keys `st2kv.user` means; the system user's when it is absent. Rejects with ExpressionError where a template
 * cannot be rendered. */
export async function packConfig(
  core: Core,
  pack: Configured | undefined,
  user?: string,
): Promise<JsonObject> {
  if (pack === undefined || isPlain(pack.config)) return pack?.config ?? {};
  return decide(
    (ask) => renderedConfig(pack, ask),
    (question) => core.answer(question, user),
  );
}

/** The same with answers at hand. Throws ExpressionError, or Unanswered. */
export function renderedConfig({ config, configSchema }: Configured, ask: Ask): JsonObject {
  if (isPlain(config)) return config;
  const rendered = render(config, { properties: configSchema }, ask);
  return isObject(rendered) ? rendered : config;
}

function isPlain(config: JsonObject): boolean {
  if (!plain.has(config) && !hasTemplates(config)) plain.add(config);
  return plain.has(config);
}

function hasTemplates(value: unknown): boolean {
  if (isJinja(value)) return true;
  if (Array.isArray(value)) return value.some(hasTemplates);
  return isObject(value) && Object.values(value).some(hasTemplates);
}

/** `schema` = what config.schema.yaml says about this value. */
function render(value: unknown, schema: JsonObject, ask: Ask): unknown {
  if (isJinja(value)) return filledIn(value, schema, ask);
  if (Array.isArray(value))
    return value.map((item, index) => render(item, schemaOfItem(schema, index), ask));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      render(item, schemaOfKey(schema, name), ask),
    ]),
  );
}

/** A lookup for a secret attribute gives the decrypted value, as StackStorm's configurations do. */
function filledIn(text: string, { secret, type }: JsonObject, ask: Ask): unknown {
  const decrypting: Ask = (question) =>
    ask(question.kind === "datastore" ? { ...question, decrypt: true } : question);
  const value = compileJinjaTemplate(text).render({
    variables: {},
    ask: secret === true ? decrypting : ask,
  });
  // Text of which nothing is left is no value.
  if (value === "") return null;
  return typeof type === "string" ? castParameter(value, type) : value;
}
