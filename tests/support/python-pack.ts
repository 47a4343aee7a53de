import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface PythonPack {
  readonly path: string;
  /** Writes a file of the pack; answers its path. */
  readonly file: (name: string, text: string) => string;
  /** Writes an action whose `run` has this body; answers what a call of it needs. */
  readonly action: (body: string, head?: string) => PythonPackAction;
  readonly remove: () => void;
}

export interface PythonPackAction {
  readonly action: { readonly pack: string; readonly packPath: string; readonly entryPath: string };
}

/** An empty pack outside the repository, as the packs of StackStorm's exchange are. */
export function pythonPack(pack = "weather"): PythonPack {
  const path = mkdtempSync(join(tmpdir(), "raicho-python-"));
  let counter = 0;
  const file = (name: string, text: string): string => {
    const place = join(path, name);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
    return place;
  };
  return {
    path,
    file,
    action: (body, head = "") => {
      const indented = body
        .trim()
        .split("\n")
        .map((line) => `        ${line}`)
        .join("\n");
      const text = `from st2common.runners.base_action import Action\n${head}\n\nclass Test(Action):\n    def run(self, **parameters):\n${indented}\n`;
      const entryPath = file(`actions/a${++counter}.py`, text);
      return { action: { pack, packPath: path, entryPath } };
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
