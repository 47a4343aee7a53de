/** What a Raicho of a scenario stands on: a database of its own on the shared server, and Redis or not. */
import { emptyDatabase } from "../support/postgres.ts";
import { testRedis } from "../support/redis.ts";

export interface Ground {
  readonly env: Readonly<Record<string, string>>;
  readonly redis?: { readonly host: string; readonly port: number };
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export async function external(): Promise<Ground> {
  const database = await emptyDatabase();
  return {
    env: { DATABASE_URL: database.url },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

export async function withRedis(): Promise<Ground> {
  const [under, redis] = await Promise.all([external(), testRedis()]);
  return {
    env: { ...under.env, REDIS_URL: redis.url },
    redis: { host: "127.0.0.1", port: Number(new URL(redis.url).port) },
    [Symbol.asyncDispose]: async () => {
      await redis[Symbol.asyncDispose]();
      await under[Symbol.asyncDispose]();
    },
  };
}

/** For `describe.each`. */
export const backends = [
  { name: "PostgreSQL", start: external },
  { name: "Redis", start: withRedis },
] as const;
