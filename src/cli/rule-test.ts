/** `raicho rule test RULE --instance ID|FILE`: which criteria of a rule hold for an event. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { ContentDirectories } from "../content/find-packs.ts";
import { loadContent } from "../content/load.ts";
import { parseYaml } from "../content/yaml.ts";
import type { RuleDefinition } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { tryRule, type RuleTrial } from "../rules/trial.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import { decideHere } from "./decide.ts";
import type { Asked } from "./verb.ts";

/** Tries it and shows each criterion. Exit code 0 when the rule matches, 1 when it does not. */
export async function runTest({
  args: [wanted = ""],
  options,
  client,
  print,
  cli,
}: Asked): Promise<void> {
  const instance = options["instance"];
  if (typeof instance !== "string")
    throw new CliError(
      exitCodes.usage,
      "give the event: --instance ID of a trigger instance, or a FILE",
    );
  const file = resolve(cli.workingDirectory, instance);
  const offline = existsSync(file);
  const written = existsSync(resolve(cli.workingDirectory, wanted));
  let trial: unknown;
  if (offline) {
    const rule = await localRule(cli, wanted);
    trial = await tryHere(rule, eventIn(file, rule), keysOf(options["key"]));
  } else {
    if (!/^[0-9a-f]{24}$/i.test(instance))
      throw new CliError(
        exitCodes.usage,
        `--instance ${instance}: there is no such file, and it is no id of a trigger instance`,
      );
    const rule = written ? await localRule(cli, wanted) : wanted;
    trial = await client.json("POST", "/rules/test", {
      service: "own",
      body: { rule, instance },
    });
  }
  if (!isTrial(trial))
    throw new CliError(exitCodes.unreachable, "the server does not answer as raicho does");
  await show(trial, { print, cli, table: !machine(options) });
  cli.end(trial.verdict === "match" ? exitCodes.ok : exitCodes.failed);
}

function machine({ output, json, yaml }: Asked["options"]): boolean {
  return json === true || yaml === true || (output !== undefined && output !== "table");
}

function isTrial(value: unknown): value is RuleTrial & JsonObject {
  return (
    isObject(value) && Array.isArray(value["criteria"]) && typeof value["verdict"] === "string"
  );
}

async function show(
  trial: RuleTrial & JsonObject,
  { print, cli, table }: { print: Asked["print"]; cli: Cli; table: boolean },
): Promise<void> {
  if (!table) return print.one(trial);
  const rows = trial.criteria.map(({ key, type, actual, pattern, verdict, reason }) => ({
    criterion: key,
    actual: key === "when" ? "" : JSON.stringify(actual),
    operator: type,
    pattern: key === "when" ? pattern : JSON.stringify(pattern),
    verdict: reason === undefined ? verdict : `${verdict}: ${reason}`,
  }));
  if (rows.length > 0)
    await print.list(rows, { columns: ["criterion", "actual", "operator", "pattern", "verdict"] });
  const disabled = trial.enabled ? "" : " (it is disabled: it fires for nothing)";
  cli.terminal.write(`${trial.rule}: ${trial.verdict}, ${trial.reason}${disabled}\n`);
}

/** A rule by its file, or by its ref among the content of this directory. */
async function localRule(cli: Cli, wanted: string): Promise<RuleDefinition> {
  const file = resolve(cli.workingDirectory, wanted);
  const isFile = existsSync(file);
  const parts = await cli.host.lintParts();
  const directories = isFile ? around(parts.directories, file) : parts.directories;
  const { runners } = parts;
  const { content, problems } = await loadContent({
    directories,
    ...(runners === undefined ? {} : { runners }),
  });
  const rules = [...content.rules.values()];
  const found = isFile
    ? rules.find(({ source }) => source.file === file)
    : content.rules.get(wanted);
  if (found !== undefined) return found;
  const own = problems.filter((each) => each.file === file);
  const reasons = own.map(({ line, message }) => `${wanted}:${line}: ${message}`);
  throw new CliError(
    isFile ? exitCodes.failed : exitCodes.notFound,
    isFile && own.length > 0
      ? reasons.join("\n")
      : `there is no rule "${wanted}" here: give the file of a rule, or pack.name (raicho lint says what is wrong)`,
  );
}

/** The content of this place, with the pack or the rules that the file is among. */
function around(directories: ContentDirectories, file: string): ContentDirectories {
  const directory = dirname(file);
  const pack = dirname(directory);
  if (basename(directory) === "rules" && existsSync(join(pack, "pack.yaml")))
    return { ...directories, packs: [...directories.packs, pack] };
  return { ...directories, site: { ...directories.site, rules: directory } };
}

interface LocalEvent {
  readonly trigger: string;
  readonly payload: unknown;
  readonly parameters?: JsonObject;
}

/** `{trigger, payload, parameters?}`, as `raicho trigger-instance get -j` prints it; anything else is the payload of an event the rule listens to. */
function eventIn(file: string, rule: RuleDefinition): LocalEvent {
  const { value, faults } = parseYaml(readFileSync(file, "utf8"), "python");
  const fault = faults.find(({ severity }) => severity === "error");
  if (fault !== undefined)
    throw new CliError(exitCodes.failed, `${file}:${fault.line}: ${fault.message}`);
  if (!isObject(value) || typeof value["trigger"] !== "string" || !("payload" in value))
    return { trigger: rule.trigger.type, payload: value, parameters: rule.trigger.parameters };
  const { trigger, payload, parameters } = value;
  const given = isObject(parameters) ? parameters : undefined;
  const same = trigger === rule.trigger.type ? rule.trigger.parameters : {};
  return { trigger, payload, parameters: given ?? same };
}

function keysOf(given: unknown): ReadonlyMap<string, string> {
  const words: readonly unknown[] = Array.isArray(given) ? given : [];
  return new Map(
    words.map((word) => {
      const [name = "", ...rest] = String(word).split("=");
      return [/^(?:system|user)\./.test(name) ? name : `system.${name}`, rest.join("=")];
    }),
  );
}

function tryHere(
  rule: RuleDefinition,
  event: LocalEvent,
  keys: ReadonlyMap<string, string>,
): Promise<RuleTrial> {
  return decideHere((ask) => tryRule(rule, event, ask), keys);
}
