/** Which texts of a run are secret, and what of its result is shown. */
import type { ActionDefinition, PackDefinition } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { maskerOf, secretsIn, type Masker } from "../model/secrets.ts";
import type { Core } from "./core.ts";
import type { Claim } from "./run.ts";

/** Values that a definition takes from the datastore in the clear: Jinja's `decrypt_kv`, or a lookup with `decrypt`. */
const decrypts = /decrypt(?:_kv\b|\s*(?:=>|=)\s*true\b)|st2kv\([^)]*,\s*true\s*\)/i;

type Ran = Pick<Claim, "action" | "runner" | "parameters">;

/** Texts that the schemas of action, runner and configuration call secret, and what a definition decrypts. */
export function secretsOf(core: Core, ran: Ran, rendered?: JsonObject): readonly string[] {
  const { actions, packs } = core.definitions().content;
  const definition = actions.get(ran.action);
  const pack = packs.get(definition?.pack ?? "");
  const schemas = { ...core.runners.get(ran.runner)?.parameters, ...definition?.parameters };
  return [
    ...secretsIn(schemas, ran.parameters),
    ...decryptedParameters(definition, ran.parameters),
    ...(pack === undefined ? [] : configSecrets(pack, rendered ?? pack.config)),
  ];
}

function decryptedParameters(
  definition: ActionDefinition | undefined,
  parameters: JsonObject,
): readonly string[] {
  const named = Object.entries(definition?.parameters ?? {}).filter(
    ([, { default: given }]) => typeof given === "string" && decrypts.test(given),
  );
  if (named.length === 0) return [];
  return secretsIn(Object.fromEntries(named.map(([name]) => [name, { secret: true }])), parameters);
}

/** Secrets of a configuration that is as the pack has it; a reload makes another. */
const known = new WeakMap<JsonObject, readonly string[]>();

/** Secrets of a pack's configuration, `rendered` for a run. */
export function configSecrets(pack: PackDefinition, rendered: JsonObject): readonly string[] {
  const found = known.get(rendered);
  if (found !== undefined) return found;
  const templates = Object.entries(pack.config).filter(
    ([, value]) => typeof value === "string" && decrypts.test(value),
  );
  const secrets = [
    ...secretsIn(pack.configSchema, rendered),
    ...secretsIn(Object.fromEntries(templates.map(([name]) => [name, { secret: true }])), rendered),
  ];
  known.set(rendered, secrets);
  return secrets;
}

/** A result, and where secrets occur in it the same without them. */
interface Shown {
  readonly result: unknown;
  readonly shown?: unknown;
}

/** Secrets that may occur in what an execution tells: its own, and those in results of its children. */
export class SecretBook {
  readonly #all: Set<string>;

  constructor(own: Iterable<string> = []) {
    this.#all = new Set(own);
  }

  /** Takes note of more. */
  add(secrets: Iterable<string> = []): void {
    for (const secret of secrets) this.#all.add(secret);
  }

  /** What finds them; undefined when there are none. */
  masker(): Masker | undefined {
    return maskerOf(this.#all);
  }

  /** What to record of that result, what rules and people see of it, and what its workflow has to look for. */
  shown(result: unknown): {
    readonly recorded: Shown;
    readonly visible: unknown;
    readonly secrets: readonly string[];
  } {
    const shown = this.masker()?.value(result);
    if (shown === undefined || shown === result)
      return { recorded: { result }, visible: result, secrets: [] };
    return { recorded: { result, shown }, visible: shown, secrets: [...this.#all] };
  }
}
