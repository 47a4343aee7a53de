/** What cells say, and where errors are: file, sheet, row and cell, also of what a sheet has no column for. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Imports } from "../../src/engine/inventory-imports.ts";
import { readImport } from "../../src/engine/inventory-import-request.ts";
import { readSheets } from "../../src/sheets/read-file.ts";
import { author, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
let imports: Imports;
beforeAll(async () => {
  world = await testInventory();
  imports = new Imports(world.inventory, readSheets, author.actor);
});
afterAll(() => world[Symbol.asyncDispose]());

const staged = (type: string, text: string, source = "s") => {
  const { files, options } = readImport({ files: [{ name: "s.csv", source, type, text }] });
  return imports.stage(files, { options, author });
};
const commit = ({ id }: { readonly id: string }) =>
  imports.commit(id, { author, skipErrors: false });
const rowsOf = async (type: string, text: string) => {
  const { id } = await staged(type, text);
  return (await imports.rows(id, {})).rows;
};

test("a required column that is missing is told for each row that would need it, with the heading that was probably meant", async () => {
  await world.upsert(
    { type: "Service", set: { code: "old", owner: "t" } },
    { type: "Team", set: { code: "t", name: "T" } },
  );
  expect(await rowsOf("Service", "code,ownr,tier\nold,t,1\nnew1,t,1\nnew2,t,1\n")).toMatchObject([
    { file: "s.csv", row: 2, action: "update", problems: [] },
    ...[3, 4].map((row) => ({
      file: "s.csv",
      row,
      action: "error",
      problems: [
        {
          cell: "",
          heading: "",
          attribute: "owner",
          message: "owner is required, and the sheet has no column for it",
          expected: "a column owner: a Team or Person by id, name or key",
          nearest: "ownr",
        },
      ],
    })),
  ]);
});

test("a required cell that is empty is told with its place", async () => {
  expect(await rowsOf("Service", "code,tier,owner\nnew3,1,\n")).toMatchObject([
    {
      row: 2,
      problems: [
        { cell: "C2", heading: "owner", attribute: "owner", message: "owner is required" },
      ],
    },
  ]);
});

test("rows that nothing identifies are told which columns would", async () => {
  expect(await rowsOf("Device", "hostnmae,position\nweb1,3\n")).toMatchObject([
    {
      row: 2,
      action: "error",
      problems: [
        {
          attribute: "hostname",
          message:
            "nothing in the row says which Device it is about: the sheet has no column hostname, serial, asset_no",
          expected: "a value in hostname or serial or asset_no",
          nearest: "hostnmae",
        },
      ],
    },
  ]);
});

test("full width is no other value: names come in in one writing, and what stands there by hand stays", async () => {
  const device = async (name: string) => (await world.inventory.find("Device", name)).attributes;
  const rows = "hostname,serial,asset_no\nｗｉｄｅ１,ＳＮ−１,Ａ１\n";
  await commit(await staged("Device", rows));
  expect(await device("wide1")).toMatchObject({ serial: "SN−1", asset_no: "A1" });
  expect(await staged("Device", rows)).toMatchObject({ summary: { unchanged: 1, conflict: 0 } });
  // Somebody wrote it as they liked: the same letters change nothing, and narrow ones are a correction.
  await world.inventory.create("Device", { hostname: "wide2", serial: "Ｈ１" }, author);
  const typed = await staged("Device", "hostname,serial\nwide2,Ｈ１\n", "other");
  expect(typed).toMatchObject({ summary: { unchanged: 1, update: 0 } });
  await commit(await staged("Device", "hostname,serial\nwide2,H1\n", "other"));
  expect((await device("wide2"))["serial"]).toBe("H1");
});
