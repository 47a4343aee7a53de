import { afterAll, describe } from "vitest";
import { describeQueue } from "../contracts/queue.ts";
import { emptyDatabase, type TestDatabase } from "../support/postgres.ts";
import { testRedis, type TestRedis } from "../support/redis.ts";
import { needs } from "../support/needs.ts";

const opened: AsyncDisposable[] = [];
afterAll(async () => {
  for (const one of opened) await one[Symbol.asyncDispose]();
});

async function database(): Promise<TestDatabase> {
  const made = await emptyDatabase();
  opened.push(made);
  return made;
}

describeQueue("PostgreSQL", async () => ({
  database: { connectionString: (await database()).url },
  redisUrl: undefined,
}));

describe.skipIf(!needs("redis-server"))("with Redis", () => {
  describeQueue("Redis", async () => {
    const redis: TestRedis = await testRedis();
    opened.push(redis);
    return { database: {}, redisUrl: redis.url };
  });
});
