/** `raicho pack check PATH…`: what registering these packs gives, per pack, and what is refused. */
import { basename, resolve, sep } from "node:path";
import type { Command } from "commander";
import { loadContent } from "../content/load.ts";
import type { Problem } from "../content/problems.ts";
import type { Content } from "../model/definitions.ts";
import { exitCodes, type Cli } from "./cli.ts";
import { rows } from "./pack-table.ts";

/** What of one pack is registered. `refused` counts definitions that are left out, `references` names of things that are not there. */
interface PackCount {
  readonly pack: string;
  readonly actions: number;
  readonly sensors: number;
  readonly triggers: number;
  readonly rules: number;
  readonly aliases: number;
  readonly policies: number;
  readonly refused: number;
  readonly references: number;
}

const counted = [
  "actions",
  "sensors",
  "triggers",
  "rules",
  "aliases",
  "policies",
  "refused",
  "references",
] as const;

export function setUpPackCheck(command: Command, cli: Cli): void {
  command
    .command("check")
    .description("read packs and count what is registered, and what StackStorm would refuse, too")
    .argument("<paths...>", "packs, or directories of packs")
    .action(async (written: readonly string[]) => {
      const paths = written.map((path) => resolve(cli.workingDirectory, path));
      const began = performance.now();
      const { packs, refused, references } = await check(paths, cli);
      const seconds = (performance.now() - began) / 1_000;
      const total = Object.fromEntries(
        counted.map((name) => [name, packs.reduce((sum, pack) => sum + pack[name], 0)]),
      );
      const json = command.optsWithGlobals<{ json?: boolean }>().json === true;
      if (json)
        cli.terminal.write(
          `${JSON.stringify({ packs, total, refused, references, seconds }, undefined, 2)}\n`,
        );
      else {
        cli.terminal.write(rows(packs.map((pack) => ({ ...pack }))));
        cli.terminal.write(
          `\n${packs.length} packs in ${seconds.toFixed(1)} s: ${counted.map((name) => `${total[name] ?? 0} ${name}`).join(", ")}\n`,
        );
        for (const problem of refused) cli.terminal.write(`refused: ${line(problem)}\n`);
        for (const problem of references)
          cli.terminal.write(`registered all the same: ${line(problem)}\n`);
      }
      cli.end(refused.length > 0 ? exitCodes.failed : exitCodes.ok);
    });
}

function line({ file, line: number, column, message }: Problem): string {
  return `${file}:${number}:${column} ${message}`;
}

interface Checked {
  readonly packs: readonly PackCount[];
  readonly refused: readonly Problem[];
  readonly references: readonly Problem[];
}

async function check(paths: readonly string[], { host }: Cli): Promise<Checked> {
  const { directories, runners, checkDeclarations } = await host.lintParts();
  const { content, problems } = await loadContent({
    directories: { ...directories, packs: paths },
    ...(runners === undefined ? {} : { runners }),
    ...(checkDeclarations === undefined ? {} : { checkDeclarations }),
  });
  const inside = (file: string): boolean =>
    paths.some((path) => file === path || file.startsWith(path + sep));
  const errors = problems.filter(({ severity, file }) => severity === "error" && inside(file));
  const refused = errors.filter(({ reference }) => reference !== true);
  const references = errors.filter(({ reference }) => reference === true);
  const all = [...content.packs.values()].filter(({ path }) => inside(path));
  const packs = all.map(({ ref, path }) => {
    const own = (list: readonly Problem[]): number =>
      list.filter(({ file }) => file.startsWith(path + sep)).length;
    return {
      pack: ref,
      ...countsOf(content, ref),
      refused: own(refused),
      references: own(references),
    };
  });
  const lost = refused.filter(({ file }) => !all.some(({ path }) => file.startsWith(path + sep)));
  const broken = [...new Set(lost.map(({ file }) => basename(file.replace(/\/pack\.yaml$/, ""))))];
  return {
    packs: [...packs, ...broken.map((pack) => ({ pack, ...nothing, refused: 1 }))],
    refused,
    references,
  };
}

const nothing = {
  actions: 0,
  sensors: 0,
  triggers: 0,
  rules: 0,
  aliases: 0,
  policies: 0,
  references: 0,
};

function countsOf(
  content: Content,
  ref: string,
): Omit<PackCount, "pack" | "refused" | "references"> {
  const of = (all: ReadonlyMap<string, { readonly pack: string }>): number =>
    [...all.values()].filter(({ pack }) => pack === ref).length;
  return {
    actions: of(content.actions),
    sensors: of(content.sensors),
    triggers: of(content.triggerTypes),
    rules: of(content.rules),
    aliases: of(content.aliases),
    policies: of(content.policies),
  };
}
