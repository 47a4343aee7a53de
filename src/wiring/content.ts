import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "../config.ts";
import type { ContentDirectories } from "../content/find-packs.ts";
import type { ParameterSchemas } from "../model/definitions.ts";
import { builtinRunners } from "./runners.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where content is found: with the program, at the site (the directory raicho is started in), and where the environment says. */
export function contentDirectories({
  site,
  packs,
  configsDirectory,
  home,
}: Config): ContentDirectories {
  const bundled = join(root, "packs");
  return {
    bundled: [bundled],
    site: {
      ...(join(site, "packs") === bundled ? {} : { packs: join(site, "packs") }),
      rules: join(site, "rules"),
      workflows: join(site, "workflows"),
      types: join(site, "types"),
      sources: join(site, "sources"),
      parsers: join(site, "parsers"),
      alerts: join(site, "alerts"),
      forms: join(site, "forms"),
    },
    installed: join(home, "packs"),
    packs,
    ...(configsDirectory === undefined
      ? { configs: join(home, "configs") }
      : { configs: configsDirectory }),
    overrides: join(site, "overrides"),
  };
}

/** Parameters of every runner by name and alias, for checking actions. */
export function knownRunners(): ReadonlyMap<string, ParameterSchemas> {
  const engineOwn: [string, ParameterSchemas][] = [
    ["inventory", {}],
    ["alert", {}],
    ["packs", {}],
    ["chatops", {}],
    ["ticket", {}],
    ["runbook", {}],
    ["calendar", {}],
  ];
  return new Map([
    ...engineOwn,
    ...builtinRunners().flatMap((runner) =>
      [runner.name, ...runner.aliases].map((name): [string, ParameterSchemas] => [
        name,
        runner.parameters,
      ]),
    ),
  ]);
}

/** The file that a pack's configuration is, or would be, read from. */
export function configFile(config: Config, pack: string): string {
  return join(contentDirectories(config).configs ?? join(config.home, "configs"), `${pack}.yaml`);
}
