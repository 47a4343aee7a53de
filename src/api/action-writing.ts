/** `POST /actions`, `PUT /actions/REF`, `DELETE /actions/REF`, `POST /actions/REF/clone`: metadata goes to the ledger, files to the pack. */
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import type { Response } from "express";
import { overridable } from "../content/actions.ts";
import { ingest } from "../engine/ingest.ts";
import type { ActionDefinition, PackDefinition } from "../model/definitions.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { runsFiles } from "./action-view.ts";
import { bodyOf, objectIn, textIn, textOr } from "./bodies.ts";
import { assertNotOfSystem, create, plainDocument, type Writing } from "./definition-routes.ts";
import { actionSchema } from "./definition-schemas.ts";
import type { Door } from "./door.ts";
import { refusal } from "./query.ts";
import { belongs } from "./pack-files.ts";

function packOf({ core }: Door, ref: string): PackDefinition {
  const { packs } = core.definitions().content;
  const pack = packs.get(ref);
  if (pack !== undefined) return pack;
  const places = [...new Set([...packs.values()].map(({ path }) => dirname(path)))];
  throw refusal(
    `Content pack "${ref}" is not found or doesn't contain actions directory. Searched in: ${places.join(",")}`,
  );
}

/** Of a pack that may be written to. */
function ownPackOf(door: Door, ref: string): PackDefinition {
  const pack = packOf(door, ref);
  if (pack.bundled)
    throw refusal(
      `The files of pack "${ref}" come with Raicho and are replaced with it: copy the pack to packs/ and change it there`,
    );
  return pack;
}

/** A path inside of the pack; throws for one that leads out of it. */
function inside({ ref, path }: PackDefinition, file: string): string {
  const full = resolve(path, file);
  const way = relative(path, full);
  const outside = way === "" || way === ".." || way.startsWith(`..${sep}`) || resolve(way) === way;
  if (outside || !belongs({ ref, path }, way))
    throw refusal(
      `Invalid file path: "${file}". File path needs to be relative to the pack directory (${ref}).`,
    );
  return full;
}

/** Whoever reads it meanwhile finds the old file or the new one. */
async function writeWhole(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, content);
  await rename(draft, file);
}

/** Their paths start in the directory of actions, as StackStorm's web console gives them. */
function dataFiles(body: JsonObject): readonly { file: string; content: string }[] {
  const files: unknown = body["data_files"];
  if (!Array.isArray(files)) return [];
  return files.filter(isObject).map((each) => ({
    file: join("actions", String(each["file_path"])),
    content: String(each["content"]),
  }));
}

/** Files that come with the metadata, e.g. a workflow; they are there before the metadata is read. */
async function writeDataFiles(door: Door, body: JsonObject): Promise<void> {
  const files = dataFiles(body);
  if (files.length === 0) return;
  const pack = ownPackOf(door, textOr(body, "pack", "default"));
  const placed = files.map(({ file, content }) => ({ file: inside(pack, file), content }));
  for (const { file, content } of placed) await writeWhole(file, content);
}

/** Rules may want to commit what was written. */
async function tellWritten({ core }: Door, body: JsonObject, shown: JsonObject): Promise<void> {
  const pack = core.definitions().content.packs.get(String(shown["pack"]));
  if (pack === undefined) return;
  for (const { file } of dataFiles(body))
    await ingest(core, [
      {
        trigger: "core.st2.action.file_written",
        payload: {
          ref: shown["ref"],
          file_path: inside(pack, file),
          host_info: { hostname: hostname() },
        },
        source: "api",
      },
    ]);
}

/** Of a parameter of its runner an action changes only some attributes. */
function assertOverrides({ core }: Door, runner: string, body: JsonObject): void {
  const known = (core.runners.get(runner) ?? core.runners.get(runner.replaceAll("_", "-")))
    ?.parameters;
  for (const [name, schema] of Object.entries(objectIn(body, "parameters"))) {
    const theirs: JsonObject = { ...known?.[name] };
    if (known?.[name] === undefined || !isObject(schema)) continue;
    const odd = Object.keys(schema).find(
      (word) =>
        !overridable.has(word) && JSON.stringify(schema[word]) !== JSON.stringify(theirs[word]),
    );
    if (odd !== undefined)
      throw refusal(
        `The attribute "${odd}" for the runner parameter "${name}" in action "${textOr(body, "pack", "default")}.${String(body["name"])}" cannot be overridden.`,
      );
  }
}

export function actionWriting(door: Door): Writing {
  return {
    kind: "action",
    schema: actionSchema,
    systemPacksStay: true,
    documentOf: async (body) => {
      const runner = String(body["runner_type"]);
      if (!door.core.runners.has(runner) && !door.core.runners.has(runner.replaceAll("_", "-")))
        throw refusal(
          `RunnerType ${runner} is not found. If you are using old and deprecated runner name, you need to switch to a new one. For more information, please see https://docs.stackstorm.com/upgrade_notes.html#st2-v0-9`,
        );
      packOf(door, textOr(body, "pack", "default"));
      assertOverrides(door, runner, body);
      await writeDataFiles(door, body);
      // Editors look there for the text they wrote.
      const metadata_file = textOr(body, "metadata_file", "");
      return { ...plainDocument(body), ...(metadata_file === "" ? {} : { metadata_file }) };
    },
    written: (body, shown) => tellWritten(door, body, shown),
    removed: (body, shown) =>
      body["remove_files"] === true ? removeFiles(door, shown) : Promise.resolve(),
  };
}

/** Entry point and metadata; only in packs that may be written to. */
async function removeFiles(door: Door, shown: JsonObject): Promise<void> {
  const pack = ownPackOf(door, String(shown["pack"]));
  const entry = textOr(shown, "entry_point", "");
  const files = [entry === "" ? "" : join("actions", entry), textOr(shown, "metadata_file", "")];
  for (const file of files) if (file !== "") await rm(inside(pack, file), { force: true });
}

/** Copies an action, with its entry point, to another name or pack. */
export async function cloneAction(
  door: Door,
  {
    source,
    rows,
  }: { readonly source: ActionDefinition; readonly rows: () => readonly JsonObject[] },
  request: Parameters<typeof bodyOf>[0],
  response: Response,
): Promise<JsonObject> {
  const body = bodyOf(request);
  const [pack, name] = [textIn(body, "dest_pack"), textIn(body, "dest_action")];
  const { content } = door.core.definitions();
  if (!content.packs.has(pack)) throw refusal(`Destination pack '${pack}' doesn't exist`);
  assertNotOfSystem(pack);
  const there = rows().find((row) => row["pack"] === pack && row["name"] === name);
  if (there !== undefined) {
    if (body["overwrite"] !== true)
      throw refusal("The requested destination action already exists");
    await door.resources.remove({ kind: "action", pack, name });
  }
  const shown = rows().find((row) => row["ref"] === source.ref) ?? {};
  const entry_point = runsFiles(source) ? await copyEntry(door, source, { pack, name }) : "";
  const document = { ...plainDocument(shown), pack, name, entry_point };
  return create(door, { rows, writing: actionWriting(door) }, document, response);
}

const locked: ReadonlySet<unknown> = new Set(["EACCES", "EPERM", "EROFS"]);

/** What a caller can be told of a file that cannot be written or read, in StackStorm's words where it has some. */
function whyNotCopied(error: unknown, target: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (locked.has(code))
    return new AppError("FORBIDDEN", ["No permission to access the files for cloning operation"]);
  if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR")
    return refusal(
      `Unable to copy file to "${target}". Please check the logs or ask your administrator to clone the files manually.`,
    );
  return error;
}

async function copyEntry(
  door: Door,
  { entryPath, entryPoint }: ActionDefinition,
  { pack, name }: { readonly pack: string; readonly name: string },
): Promise<string> {
  const entry = join(dirname(entryPoint), `${name}${extname(entryPoint)}`);
  const target = inside(ownPackOf(door, pack), join("actions", entry));
  try {
    await mkdir(dirname(target), { recursive: true });
    await copyFile(entryPath, target);
  } catch (error) {
    throw whyNotCopied(error, target);
  }
  return entry;
}
