/** An import whose process died between its last write and the note that it is committed. */
import { sql } from "kysely";
import { expect, test } from "vitest";
import { Imports } from "../../src/engine/inventory-imports.ts";
import { readSheets } from "../../src/sheets/read-file.ts";
import { author, refusal, testInventory } from "./inventory-site.ts";

test("is finished by whoever commits it again, counts all that it wrote, and can be taken back", async () => {
  await using world = await testInventory();
  const imports = new Imports(world.inventory, readSheets, author.actor);
  const content = Buffer.from("ホスト名\ncut1\ncut2\n").toString("base64");
  const about = { sheet: undefined, columns: {}, asOf: undefined };
  const file = { name: "cut.csv", content, source: "cut", type: "Device", ...about };
  const options = { authority: undefined, newest: false };
  const { id } = await imports.stage([file], { options, author });
  const wish = { author, skipErrors: false };
  const { changeset } = await imports.commit(id, wish);
  await sql`update inv.import set state = 'committing', summary = summary - 'changes' where id = ${id}`.execute(
    world.database.db,
  );
  expect(await imports.commit(id, wish)).toMatchObject({ changeset, result: { changes: 2 } });
  await imports.revert(id, author);
  await refusal(world.inventory.find("Device", "cut1"));
});
