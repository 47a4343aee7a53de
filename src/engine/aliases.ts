/** Chat commands: which alias one means, and the action it runs. */
import {
  type AliasParameters,
  parseAliasCommand,
  parseAliasCommands,
} from "../expressions/alias-format.ts";
import { compileRegex } from "../expressions/python/regex.ts";
import { AppError } from "../model/errors.ts";
import type { AliasDefinition } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { decide } from "../processes/ask.ts";
import type { Core } from "./core.ts";
import { renderValues } from "./jinja-values.ts";

/** One way to say a command. */
export interface AliasFormat {
  readonly alias: AliasDefinition;
  /** As people see it in the help. */
  readonly display: string;
  readonly representation: string;
  /** One command may mean several executions. */
  readonly multiple: boolean;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** What an alias answers to. */
export function formatsOf(alias: AliasDefinition): readonly AliasFormat[] {
  const { formats } = alias;
  if (!Array.isArray(formats)) return [];
  return formats.flatMap((format: unknown): AliasFormat[] => {
    if (typeof format === "string")
      return [{ alias, display: format, representation: format, multiple: false }];
    if (!isObject(format)) return [];
    const { display, representation: said } = format;
    return texts(typeof said === "string" ? [said] : said).map((representation) => ({
      alias,
      multiple: format["match_multiple"] === true,
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

/** The one format a command fits; those that may mean several executions only where no other does. Throws AppError when none or several do. */
export function matchAlias(core: Pick<Core, "definitions">, command: string): AliasFormat {
  const fitting = enabledAliases(core)
    .flatMap(formatsOf)
    .filter((format) => fits(format, command));
  const single = fitting.filter(({ multiple }) => !multiple);
  const [first, second] = single.length > 0 ? single : fitting;
  if (first === undefined)
    throw new AppError("PARAMETERS_INVALID", [`Command '${command}' matched no patterns`]);
  if (second !== undefined)
    throw new AppError("PARAMETERS_INVALID", [
      `Command '${command}' matched more than 1 ${first.multiple ? "(multi) " : ""}pattern`,
    ]);
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

interface AliasCall {
  readonly action: string;
  readonly parameters: JsonObject;
}

/** What a command runs: one execution, or one for each place that fits when `every`. Parameters that the alias fixes are templates that see `context` and
 * the datastore. Throws AppError when the command does not fit the format, gives a parameter that is fixed, or a template fails. */
export async function aliasCalls(
  core: Pick<Core, "definitions" | "runners" | "answer">,
  { alias, representation }: AliasFormat,
  { command, context, every }: { command: string; context: JsonObject; every: boolean },
): Promise<readonly AliasCall[]> {
  const one = parseAliasCommand(representation, command);
  if (one === undefined)
    throw new AppError("PARAMETERS_INVALID", [
      `Command "${command}" doesn't match format string "${representation}"`,
    ]);
  const said = every ? parseAliasCommands(representation, command) : [one];
  const fixed = alias["immutable_parameters"];
  const immutable = isObject(fixed) ? fixed : {};
  const given = Object.keys(immutable).filter((name) => said.some((each) => name in each));
  if (given.length > 0)
    throw new AppError("PARAMETERS_INVALID", [
      `Immutable arguments cannot be overriden: ${given.join(",")}`,
    ]);
  const rendered = await renderFixed(core, immutable, context);
  const action = String(alias["action_ref"]);
  return said.map((each) => ({
    action,
    parameters: { ...split(core, action, each), ...rendered },
  }));
}

async function renderFixed(
  core: Pick<Core, "answer">,
  immutable: JsonObject,
  context: JsonObject,
): Promise<JsonObject> {
  const user = typeof context["user"] === "string" ? context["user"] : undefined;
  try {
    const value = await decide(
      (ask) => renderValues(immutable, { variables: context, ask }),
      (question) => core.answer(question, user),
    );
    return isObject(value) ? value : {};
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("PARAMETERS_INVALID", [
      `immutable_parameters cannot be rendered: ${reason}`,
    ]);
  }
}

function split(
  { definitions, runners }: Pick<Core, "definitions" | "runners">,
  action: string,
  said: AliasParameters,
): JsonObject {
  const definition = definitions().content.actions.get(action);
  const runner = runners.get(definition?.runner ?? "");
  return Object.fromEntries(
    Object.entries(said).map(([name, text]) => {
      const type = (definition?.parameters[name] ?? runner?.parameters[name])?.type;
      return [name, type === "array" ? listOf(text) : text];
    }),
  );
}

/** What the chat is told at once: a sentence, and extras for its adapter. */
export async function acknowledgement(
  core: Pick<Core, "answer">,
  alias: AliasDefinition,
  variables: JsonObject,
): Promise<{ readonly message?: string; readonly extra?: unknown }> {
  const { ack } = alias;
  if (!isObject(ack) || ack["enabled"] === false) return {};
  const render = async (name: string): Promise<unknown> => {
    if (ack[name] === undefined) return undefined;
    return decide(
      (ask) => renderValues(ack[name], { variables, ask }),
      (question) => core.answer(question),
    ).catch(
      (error: unknown) =>
        `Cannot render "${name}" in field "ack" for alias. ${error instanceof Error ? error.message : String(error)}`,
    );
  };
  const [message, extra] = [await render("format"), await render("extra")];
  return {
    ...(typeof message === "string" ? { message } : {}),
    ...(extra === undefined ? {} : { extra }),
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
