import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryPack {
  readonly path: string;
  /** Writes a file under `actions/`; answers its path. */
  readonly file: (name: string, text: string) => string;
  /** Writes an action with this body; answers what a call of it needs. */
  readonly action: <More extends object>(
    body: string,
    more?: More,
  ) => { readonly packPath: string; readonly entryPath: string } & More;
  readonly remove: () => void;
}

export const packHead = 'import { defineAction, ActionFailed } from "raicho/pack";\n';

/** An empty pack outside the repository, as a site's own packs are. */
export function temporaryPack(): TemporaryPack {
  const path = mkdtempSync(join(tmpdir(), "raicho-pack-"));
  let counter = 0;
  const file = (name: string, text: string): string => {
    mkdirSync(join(path, "actions"), { recursive: true });
    const place = join(path, "actions", name);
    writeFileSync(place, text);
    return place;
  };
  return {
    path,
    file,
    action: (body, more) => {
      const text = `${packHead}export const action = defineAction(${body});\n`;
      const made = { packPath: path, entryPath: file(`a${++counter}.ts`, text) };
      return Object.assign(made, more);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
