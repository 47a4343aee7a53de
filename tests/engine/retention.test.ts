import { expect, test } from "vitest";
import { sql } from "kysely";
import { collectGarbage } from "../../src/engine/retention.ts";
import { testDatabase } from "../support/postgres.ts";

const day = 86_400_000;
let counter = 0;
/** An id of that many days ago. */
const idOf = (days: number): string =>
  Math.floor((Date.now() - days * day) / 1_000).toString(16) +
  (++counter).toString(16).padStart(16, "0");

test("old trees go with all that belongs to them; unfinished ones and their parents stay", async () => {
  await using database = await testDatabase();
  const { db } = database;
  const add = async (days: number, status: string, parent: string | null = null) => {
    const id = idOf(days);
    const at = new Date(Date.now() - days * day);
    const ended = status === "succeeded" ? at : null;
    await sql`insert into execution (id, action, runner, status, parameters, parent, task_key, created_at, ended_at)
      values (${id}, 'a.b', 'noop', ${status}, '{}', ${parent}, ${parent === null ? null : id}, ${at}, ${ended})`.execute(
      db,
    );
    await db
      .insertInto("output")
      .values({ execution_id: id, stream: "stdout", text: "x" })
      .execute();
    await sql`insert into journal values (${id}, 1, '[]')`.execute(db);
    await sql`insert into workflow (execution_id, definition) values (${id}, 'x')`.execute(db);
    return id;
  };
  const gone = await add(100, "succeeded");
  const goneChild = await add(100, "succeeded", gone);
  const kept = [
    await add(100, "running"),
    await add(100, "succeeded"),
    await add(8, "succeeded"),
    await add(1, "succeeded"),
  ];
  const [, parent = "", week = "", fresh = ""] = kept;
  const open = await add(2, "running", await add(100, "succeeded", parent));
  for (const days of [40, 1])
    await sql`insert into trigger_instance (id, trigger, source, status) values (${idOf(days)}, 't', 's', 'processed')`.execute(
      db,
    );
  const pending = idOf(40);
  await sql`insert into trigger_instance (id, trigger, source, status) values (${pending}, 't', 's', 'pending')`.execute(
    db,
  );
  await sql`insert into enforcement (id, trigger_instance_id, rule, status) values (${idOf(40)}, 'i', 'r', 'succeeded')`.execute(
    db,
  );
  await sql`insert into datastore (scope, name, value, expires_at) values ('system', 'old', '1', now() - interval '1 s'), ('system', 'new', '1', null)`.execute(
    db,
  );
  const retention = { executions: 90, output: 7, events: 30, feed: 30 };
  expect(
    await collectGarbage({ database }, { executions: 0, output: 0, events: 0, feed: 0 }),
  ).toEqual({ executions: 0, output: 0, instances: 0, enforcements: 0, feed: 0 });
  expect(await collectGarbage({ database }, retention)).toMatchObject({
    executions: 2,
    instances: 1,
    enforcements: 1,
  });
  const left = (await db.selectFrom("execution").select("id").execute()).map(({ id }) => id);
  expect(left).toEqual(expect.arrayContaining([...kept, open]));
  expect(left).not.toContain(gone);
  expect(left).not.toContain(goneChild);
  const lines = (await db.selectFrom("output").select("execution_id").execute()).map(
    ({ execution_id }) => execution_id,
  );
  expect(lines).toContain(kept[0]);
  expect(lines).toContain(fresh);
  expect(lines).not.toContain(week);
  const steps = await db.selectFrom("journal").select("execution_id").execute();
  expect(steps.length).toBe(left.length);
  const names = await db.selectFrom("datastore").select("name").execute();
  expect(names).toEqual([{ name: "new" }]);
  const instances = await db.selectFrom("trigger_instance").select("id").execute();
  expect(instances.map(({ id }) => id)).toContain(pending);
});
