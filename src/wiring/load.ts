/** Content from disk, checked by everybody who interprets it, and compiled. */
import { compileParsers } from "../alerts/definition.ts";
import type { Config } from "../config.ts";
import { type DeclarationFault, loadContent } from "../content/load.ts";
import type { Problem } from "../content/problems.ts";
import { compileContent, type CompiledContent } from "../engine/definitions.ts";
import { compileTypes, typeFaults } from "../inventory/compile.ts";
import type { DeclarationFile } from "../model/definitions.ts";
import { contentDirectories, knownRunners } from "./content.ts";
import { say } from "./log.ts";

export interface Loaded {
  readonly compiled: CompiledContent;
  readonly types: ReturnType<typeof compileTypes>["types"];
  /** One line each: severity, file, place, what is wrong. */
  readonly problems: readonly string[];
}

/** Faults in alert parsers and entity types, where they stand in their files. */
export function declarationFaults(all: readonly DeclarationFile[]): readonly DeclarationFault[] {
  return [...compileParsers(all).problems, ...typeFaults(all)];
}

/** What names something that is not there is in use all the same, so it is a warning here, as in StackStorm; `raicho lint` is stricter. */
function lineOf({ severity, file, line, column, message, reference }: Problem): string {
  return `${reference === true ? "warning" : severity}: ${file}:${line}:${column} ${message}`;
}

/** Reads everything. What is broken is left out and said; it never rejects because of what is written in a file. */
export async function loadDefinitions(config: Config): Promise<Loaded> {
  const { content, problems } = await loadContent({
    directories: contentDirectories(config),
    runners: knownRunners(),
    checkDeclarations: declarationFaults,
  });
  const compiled = compileContent(content);
  // A type may be sound by itself and still not fit without another one that was left out.
  const { types, problems: unfit } = compileTypes(compiled.types);
  const lines = [
    ...problems.filter(({ severity }) => severity !== "info").map(lineOf),
    ...compiled.problems.map((message) => `error: ${message}`),
    ...unfit.map(
      ({ declaration: { source }, path, message }) =>
        `error: ${source.file}:${source.line}:${source.column} ${path}: ${message}`,
    ),
  ];
  for (const line of lines) say("warn", "content", { problem: line });
  return { compiled, types, problems: lines };
}
