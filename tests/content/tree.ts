import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { onTestFinished } from "vitest";

import { loadContent } from "../../src/content/load.ts";
import type { LoadedContent } from "../../src/content/load.ts";
import type { ParameterSchemas } from "../../src/model/definitions.ts";

export type Tree = Readonly<Record<string, string>>;

/** Writes files (path → text) into a new directory that ends with the test. */
export function writeTree(tree: Tree): string {
  const root = mkdtempSync(join(tmpdir(), "raicho-content-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

export const runners: ReadonlyMap<string, ParameterSchemas> = new Map<string, ParameterSchemas>([
  [
    "local-shell-cmd",
    {
      cmd: { type: "string" },
      timeout: { type: "integer", default: 60 },
      dir: { type: "string", immutable: true },
    },
  ],
  ["local-shell-script", { timeout: { type: "integer", default: 60 } }],
  ["python-script", { timeout: { type: "integer", default: 600 } }],
  ["http-request", { url: { type: "string", required: true } }],
  ["orquesta", {}],
  ["orchestra", {}],
  ["action-chain", {}],
  ["typescript", {}],
  ["noop", {}],
]);

export const packYaml =
  "name: demo\ndescription: a pack\nversion: 1.0.0\nauthor: A\nemail: a@example.com\n";

/** Loads a tree in which `packs/` is RAICHO_PACKS, `bundled/` the program's, and `site/`, `configs/` and `overrides/` are themselves. */
export async function loadTree(tree: Tree): Promise<LoadedContent & { root: string }> {
  const root = writeTree(tree);
  const loaded = await loadContent({
    directories: {
      bundled: [join(root, "bundled")],
      site: {
        packs: join(root, "site/packs"),
        rules: join(root, "site/rules"),
        workflows: join(root, "site/workflows"),
        types: join(root, "site/types"),
      },
      packs: Object.keys(tree).some((path) => path.startsWith("packs/"))
        ? [join(root, "packs")]
        : [],
      configs: join(root, "configs"),
      overrides: join(root, "overrides"),
    },
    runners,
  });
  return { ...loaded, root };
}

/** Problems as `severity file:line:column message | suggestion`, file relative to the root. */
export function printed({ problems, root }: LoadedContent & { root: string }): string[] {
  return problems.map(
    ({ severity, file, line, column, message, suggestion }) =>
      `${severity} ${file.replace(`${root}/`, "")}:${line}:${column} ${message.replaceAll(`${root}/`, "")}${suggestion === undefined ? "" : ` | ${suggestion}`}`,
  );
}

export type Broken = ReadonlyArray<readonly [path: string, text: string, ...lines: string[]]>;

/** Puts one broken file under packs/demo/ of an otherwise sound tree: what is printed, and which actions are in use. */
export async function loadBroken(
  path: string,
  text: string,
): Promise<{ readonly lines: readonly string[]; readonly actions: readonly string[] }> {
  const loaded = await loadTree({
    "packs/demo/pack.yaml": packYaml,
    "packs/demo/actions/good.yaml":
      "name: good\nrunner_type: noop\nparameters: {message: {type: string}}\n",
    "packs/demo/actions/flow.yaml":
      "name: flow\nrunner_type: orquesta\nentry_point: workflows/w.yaml\n",
    "packs/demo/actions/workflows/w.yaml": "version: 1.0\ntasks: {one: {action: demo.good}}\n",
    "packs/demo/sensors/s.py": "",
    "packs/secret.py": "",
    [`packs/demo/${path}`]: text,
  });
  return { lines: printed(loaded), actions: [...loaded.content.actions.keys()] };
}
