/** Statements that each connection parses once and plans every few seconds. */
import {
  sql,
  type PostgresCursor,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from "kysely";
import type pg from "pg";

const mark = "/* prepared */";

/**
 * Put first into a statement whose text is always the same and whose plan does not depend on its values: parsing and planning cost more than running it
 * for single entries does.
 */
export const prepared = sql.raw(mark);

/** A plan that was made for a small table reads all of it; an import makes it a large one long before the server itself notices. */
const freshMs = 3_000;

/** More texts than this mean that one of them varies: what is over has no name. */
const mostNames = 200;
const names = new Map<string, string>();

function nameOf(text: string): string | undefined {
  if (!text.startsWith(mark)) return undefined;
  const known = names.get(text);
  if (known !== undefined || names.size >= mostNames) return known;
  const name = `kept-${names.size + 1}`;
  names.set(text, name);
  return name;
}

/** A connection as kysely uses it. */
class PreparingClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  #planned = performance.now();

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  query<Row>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<Row>>;
  query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>;
  query(given: unknown, values: readonly unknown[] = []): unknown {
    if (typeof given !== "string") throw new TypeError("cursors are not used here");
    const name = nameOf(given);
    return name === undefined
      ? this.#client.query(given, [...values])
      : this.#named({ name, text: given, values: [...values] });
  }

  async #named(query: pg.QueryConfig): Promise<unknown> {
    const now = performance.now();
    if (now - this.#planned > freshMs) {
      this.#planned = now;
      await this.#client.query("discard plans");
    }
    return this.#client.query(query);
  }

  release(destroy?: boolean): void {
    this.#client.release(destroy);
  }
}

/** The pool, whose connections keep marked statements. */
export function preparing(pool: pg.Pool): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, PreparingClient>();
  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect();
      const known = clients.get(client) ?? new PreparingClient(client);
      clients.set(client, known);
      return known;
    },
  };
}
