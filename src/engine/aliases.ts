/** Chat commands: which alias one means, and the action it runs. */
import { parseAliasCommand } from "../expressions/alias-format.ts";
import { compileTemplate } from "../expressions/template.ts";
import { compileRegex } from "../expressions/python/regex.ts";
import { AppError } from "../model/errors.ts";
import type { AliasDefinition } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { decide } from "../processes/ask.ts";
import type { Core } from "./core.ts";

/** One way to say a command. */
export interface AliasFormat {
  readonly alias: AliasDefinition;
  /** As people see it in the help. */
  readonly display: string;
  readonly representation: string;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** What an alias answers to. */
export function formatsOf(alias: AliasDefinition): readonly AliasFormat[] {
  const { formats } = alias;
  if (!Array.isArray(formats)) return [];
  return formats.flatMap((format: unknown): AliasFormat[] => {
    if (typeof format === "string") return [{ alias, display: format, representation: format }];
    if (!isObject(format)) return [];
    const { display } = format;
    return texts(format["representation"]).map((representation) => ({
      alias,
      display: typeof display === "string" ? display : representation,
      representation,
    }));
  });
}

function enabledAliases({ definitions }: Pick<Core, "definitions">): readonly AliasDefinition[] {
  return [...definitions().content.aliases.values()]
    .filter((alias) => alias["enabled"] !== false)
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
}

function fits({ representation }: AliasFormat, command: string): boolean {
  try {
    return parseAliasCommand(representation, command) !== undefined;
  } catch {
    return false;
  }
}

/** The one format a command fits. Throws AppError when none or several do. */
export function matchAlias(core: Pick<Core, "definitions">, command: string): AliasFormat {
  const found = enabledAliases(core)
    .flatMap(formatsOf)
    .filter((format) => fits(format, command));
  const [first, second] = found;
  if (first === undefined)
    throw new AppError("PARAMETERS_INVALID", [`Command '${command}' matched no patterns`]);
  if (second !== undefined)
    throw new AppError("PARAMETERS_INVALID", [`Command '${command}' matched more than 1 pattern`]);
  return first;
}

/** The enabled alias of that name or ref. Throws AppError. */
export function aliasNamed(core: Pick<Core, "definitions">, name: string): AliasDefinition {
  const found = [...core.definitions().content.aliases.values()].find(
    (alias) => alias.name === name || alias.ref === name,
  );
  if (found === undefined)
    throw new AppError("NOT_FOUND", [
      `Unable to find the ActionAliasDB instance. {'name': '${name}'}`,
    ]);
  if (found["enabled"] === false)
    throw new AppError("PARAMETERS_INVALID", [`Action alias with name ${name} is disabled.`]);
  return found;
}

/** The format of an alias that a client names. Throws AppError when the alias has no such format. */
export function formatNamed(alias: AliasDefinition, wanted: string): AliasFormat {
  const found = formatsOf(alias).find(({ representation }) => representation === wanted);
  if (found === undefined)
    throw new AppError("PARAMETERS_INVALID", [
      `Format string "${wanted}" is not available on the alias "${alias.name}"`,
    ]);
  return found;
}

/** `a, b` is a list; so is JSON, which is read where all parameters are. */
function listOf(text: string | null): unknown {
  return text === null || text.trimStart().startsWith("[")
    ? text
    : text.split(",").map((each) => each.trim());
}

/** What a command runs. Throws AppError when it does not fit the format. */
export function aliasCall(
  { definitions, runners }: Pick<Core, "definitions" | "runners">,
  { alias, representation }: AliasFormat,
  command: string,
): { readonly action: string; readonly parameters: JsonObject } {
  const said = parseAliasCommand(representation, command);
  if (said === undefined)
    throw new AppError("PARAMETERS_INVALID", [
      `Command "${command}" doesn't match format string "${representation}"`,
    ]);
  const action = String(alias["action_ref"]);
  const definition = definitions().content.actions.get(action);
  const runner = runners.get(definition?.runner ?? "");
  const parameters: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(said)) {
    const type = (definition?.parameters[name] ?? runner?.parameters[name])?.type;
    parameters[name] = type === "array" ? listOf(text) : text;
  }
  const fixed = alias["immutable_parameters"];
  return { action, parameters: { ...parameters, ...(isObject(fixed) ? fixed : {}) } };
}

/** What the chat is told at once: a sentence, and extras for its adapter. */
export async function acknowledgement(
  core: Pick<Core, "answer">,
  alias: AliasDefinition,
  variables: JsonObject,
): Promise<{ readonly message?: string; readonly extra?: JsonObject }> {
  const { ack } = alias;
  if (!isObject(ack) || ack["enabled"] === false) return {};
  const render = async (name: string): Promise<unknown> => {
    if (ack[name] === undefined) return undefined;
    const template = compileTemplate(ack[name], { languages: ["jinja"] });
    return decide(
      (ask) => template.evaluate({ variables, ask }),
      (question) => core.answer(question),
    ).catch(
      (error: unknown) =>
        `Cannot render "${name}" in field "ack" for alias. ${error instanceof Error ? error.message : String(error)}`,
    );
  };
  const [message, extra] = [await render("format"), await render("extra")];
  return {
    ...(typeof message === "string" ? { message } : {}),
    ...(isObject(extra) ? { extra } : {}),
  };
}

/** Lines of help: what can be typed, and what it does. `filter` is a regular expression. */
export function aliasHelp(
  core: Pick<Core, "definitions">,
  { pack, filter }: { readonly pack: string | undefined; readonly filter: string | undefined },
): readonly { readonly pack: string; readonly display: string; readonly description: string }[] {
  const pattern = filter === undefined || filter === "" ? undefined : compileRegex(filter);
  const seen = new Set<string>();
  return enabledAliases(core)
    .filter((alias) => pack === undefined || alias.pack === pack)
    .flatMap(formatsOf)
    .flatMap(({ alias, display }) => {
      const { ref, pack: from, description } = alias;
      const key = `${ref} ${display}`;
      const hidden =
        seen.has(key) ||
        (pattern !== undefined &&
          (!pattern.isCheap(display) || pattern.search(display) === undefined));
      seen.add(key);
      return hidden
        ? []
        : [
            {
              pack: from,
              display,
              description: typeof description === "string" ? description : "",
            },
          ];
    });
}
