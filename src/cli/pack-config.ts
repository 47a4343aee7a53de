/** `raicho pack config PACK [KEY=VALUE…]`: writes `<configs>/<pack>.yaml`, and asks for what its schema says when nothing is given. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { checkValues } from "../content/check-values.ts";
import { loadContent } from "../content/load.ts";
import { parseYaml } from "../content/yaml.ts";
import type { PackDefinition, ParameterSchema, ParameterSchemas } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import { tellServer } from "./tell-server.ts";

export function setUpPackConfig(command: Command, cli: Cli): void {
  command
    .command("config")
    .description("configure a pack; without values, show it or (on a terminal) ask for them")
    .argument("<pack>", "ref")
    .argument("[values...]", "KEY=VALUE; lists and mappings as JSON; KEY= removes it")
    .action(async (ref: string, values: readonly string[]) => {
      const pack = await findPack(ref, cli);
      const { configs } = await cli.host.packPlaces();
      const file = join(configs, `${ref}.yaml`);
      const before = readConfig(file);
      if (values.length === 0 && !cli.terminal.interactive) {
        cli.terminal.write(`${JSON.stringify(masked(pack.configSchema, before), undefined, 2)}\n`);
        return;
      }
      if (Object.keys(pack.configSchema).length === 0)
        throw new CliError(
          exitCodes.failed,
          `the pack "${ref}" has no config.schema.yaml that says what to configure; what its code reads all the same is written by hand to ${file}`,
        );
      const after =
        values.length > 0 ? withValues(before, values, pack) : await asked(before, pack, cli);
      const faults = checkValues(pack.configSchema, after, { others: "allow", expressions: true });
      if (faults.length > 0)
        throw new CliError(
          exitCodes.failed,
          `nothing was written: ${faults.map(({ message }) => message).join("; ")}`,
        );
      mkdirSync(configs, { recursive: true });
      // Configurations hold passwords; and half a file must never be read.
      const step = `${file}.new`;
      writeFileSync(step, `${JSON.stringify(after, undefined, 2)}\n`, { mode: 0o600 });
      chmodSync(step, 0o600);
      renameSync(step, file);
      cli.terminal.write(`wrote ${file}\n`);
      await tellServer(cli);
    });
}

async function findPack(ref: string, cli: Cli): Promise<PackDefinition> {
  const { directories } = await cli.host.lintParts();
  const pack = (await loadContent({ directories })).content.packs.get(ref);
  if (pack === undefined) throw new CliError(exitCodes.notFound, `there is no pack "${ref}"`);
  return pack;
}

function readConfig(file: string): JsonObject {
  if (!existsSync(file)) return {};
  const { value, faults } = parseYaml(readFileSync(file, "utf8"));
  if (isObject(value)) return value;
  throw new CliError(exitCodes.failed, `${file}: ${faults[0]?.message ?? "is not a mapping"}`);
}

function masked(schemas: ParameterSchemas, values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      schemas[name]?.secret === true ? "********" : value,
    ]),
  );
}

function withValues(
  before: JsonObject,
  written: readonly string[],
  { ref, configSchema }: PackDefinition,
): JsonObject {
  const after: Record<string, unknown> = { ...before };
  for (const one of written) {
    const at = one.indexOf("=");
    if (at < 1) throw new CliError(exitCodes.usage, `"${one}": expected KEY=VALUE`);
    const name = one.slice(0, at);
    if (!Object.hasOwn(configSchema, name))
      throw new CliError(
        exitCodes.failed,
        `the pack "${ref}" has no setting "${name}"; it has ${Object.keys(configSchema).join(", ")}`,
      );
    const text = one.slice(at + 1);
    if (text === "") delete after[name];
    else after[name] = valueOf(text, configSchema[name]);
  }
  return after;
}

/** As the type of the schema says; what cannot be that stays text, and is refused with the reason. */
function valueOf(text: string, schema: ParameterSchema | undefined): unknown {
  if (/\{\{|\{%/.test(text) || schema?.type === "string") return text;
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    if (schema?.type === "array") return text.split(",").map((part) => part.trim());
    return { true: true, yes: true, false: false, no: false }[text.toLowerCase()] ?? text;
  }
}

async function asked(
  before: JsonObject,
  { configSchema }: PackDefinition,
  { terminal }: Cli,
): Promise<JsonObject> {
  const after: Record<string, unknown> = { ...before };
  for (const [name, schema] of Object.entries(configSchema)) {
    const now = after[name] ?? schema.default;
    const shown = schema.secret === true && now !== undefined ? "********" : JSON.stringify(now);
    const about = [schema.description, schema.required === true ? "required" : ""].filter(
      (part) => part !== undefined && part !== "",
    );
    const question = `${name}${about.length === 0 ? "" : ` (${about.join("; ")})`}${now === undefined ? "" : ` [${shown}]`}: `;
    const answer = await terminal.ask(question, { hidden: schema.secret === true });
    if (answer !== "") after[name] = valueOf(answer, schema);
  }
  return after;
}
