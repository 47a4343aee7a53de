/** Loads actions in an action host, and knows when what was loaded has changed on disk. */
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { registerHooks, stripTypeScriptTypes, type LoadFnOutput } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { statSync } from "node:fs";
import { isObject } from "../model/json.ts";
import { actionKind, type PackAction } from "../pack.ts";

const packModule = new URL(`../pack${extname(import.meta.url)}`, import.meta.url).href;

/** Files outside node_modules that were loaded, and their state then. */
const loaded = new Map<string, string>();

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "raicho/pack") return { url: packModule, shortCircuit: true };
    return next(specifier, context);
  },
  load(url, context, next) {
    if (!url.startsWith("file:")) return next(url, context);
    const path = fileURLToPath(url);
    if (!path.includes("/node_modules/")) loaded.set(path, fileState(path));
    return isTypeScript(path) ? stripped(path) : next(url, context);
  },
});

/** The action a file exports, or "stale" when anything loaded so far changed on disk. Throws what the file throws. */
export async function loadAction(path: string): Promise<PackAction<unknown, unknown> | "stale"> {
  if (await changed()) return "stale";
  const module: unknown = await import(pathToFileURL(path).href);
  const action = isObject(module) ? module["action"] : undefined;
  if (isAction(action)) return action;
  throw new TypeError(
    `${path} exports no action: write \`export const action = defineAction(async (parameters, context) => …)\``,
  );
}

async function changed(): Promise<boolean> {
  const states = await Promise.all(
    [...loaded].map(async ([path, before]) => {
      const now = await stat(path).then(stateText, () => "gone");
      return now !== before;
    }),
  );
  return states.includes(true);
}

/** Stripped here and not by Node, which refuses to do it below node_modules, where an installed Raicho keeps its own packs. */
function stripped(path: string): LoadFnOutput {
  const source = stripTypeScriptTypes(readFileSync(path, "utf8"), {
    mode: "strip",
    sourceUrl: path,
  });
  return { format: "module", source, shortCircuit: true };
}

function isTypeScript(path: string): boolean {
  return path.endsWith(".ts") || path.endsWith(".mts");
}

function fileState(path: string): string {
  try {
    return stateText(statSync(path));
  } catch {
    return "gone";
  }
}

function stateText(file: { mtimeMs: number; size: number; ino: number }): string {
  return `${file.mtimeMs} ${file.size} ${file.ino}`;
}

function isAction(value: unknown): value is PackAction<unknown, unknown> {
  return isObject(value) && value["kind"] === actionKind && typeof value["run"] === "function";
}
