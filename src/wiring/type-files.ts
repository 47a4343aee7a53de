/** Types that the API edits: files of the site, written where they lie. Those that come with the program are replaced by a file of the site. */
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "../config.ts";
import { changedYaml, removeFile, replaceFile, textOfFile } from "../content/write-type.ts";
import type { TypeFiles } from "../engine/inventory-type-editing.ts";
import type { DeclarationFile } from "../model/definitions.ts";

const bundled = fileURLToPath(new URL("../../packs", import.meta.url)) + sep;

/** `DeviceModel` → `device_model.yaml`. */
function fileName(type: string): string {
  return `${type.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase()}.yaml`;
}

export function typeFiles(
  { site }: Pick<Config, "site">,
  {
    declarations,
    reload,
  }: {
    readonly declarations: () => readonly DeclarationFile[];
    readonly reload: () => Promise<void>;
  },
): TypeFiles {
  return {
    declarations,
    isBundled: ({ source }) => source.file.startsWith(bundled),
    text: ({ source }) => textOfFile(source.file),
    save: async (before, { name, document, yaml }) => {
      const own = before !== undefined && !before.source.file.startsWith(bundled);
      const file = own ? before.source.file : join(site, "types", fileName(name));
      const stored = before === undefined ? "" : await textOfFile(before.source.file);
      await replaceFile(file, changedYaml(yaml ?? stored, document));
      await reload();
      return file;
    },
    remove: async ({ source }) => {
      await removeFile(source.file);
      await reload();
      return source.file;
    },
  };
}
