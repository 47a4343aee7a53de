/** PostgreSQL for Kysely, where transactions and single statements of keyed requests end with a mark at their keys (`keyed.ts`). */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  PostgresDialect,
  type QueryResult,
  type TransactionSettings,
} from "kysely";
import { passing } from "../model/crash-points.ts";
import { AppError } from "../model/errors.ts";
import { type KeyedRequest, tell, untoldRequests } from "./keyed.ts";

/** Marks the keys where this transaction wrote anything; gives those that are another process's by now. */
const mark = `with wrote as materialized (select pg_current_xact_id_if_assigned() is not null as yes),
  mine as (select * from unnest($1::text[], $2::text[], $3::text[]) as mine (scope, key, process)),
  marked as (update idempotency i set changed = true from wrote, mine m
    where yes and i.scope = m.scope and i.key = m.key and i.process = m.process and status is null returning i.scope, i.key)
  select yes, array(select key from mine m where yes and not exists (select from marked d where d.scope = m.scope and d.key = m.key)) as lost from wrote`;

/** Also where a comment comes first (`prepared.ts`). */
const reading = /^\s*(?:\/\*[^*]*\*\/\s*)?(?:select|show|set|reset)\b/i;

async function commitMarked(
  driver: Driver,
  connection: DatabaseConnection,
  requests: readonly KeyedRequest[],
): Promise<void> {
  const columns = (["scope", "key", "process"] as const).map((name) =>
    requests.map((request) => request[name]),
  );
  const { rows } = await connection.executeQuery<{ yes: boolean; lost: string[] }>(
    CompiledQuery.raw(mark, columns),
  );
  const [{ yes: wrote, lost } = { yes: false, lost: [] }] = rows;
  if (lost.length > 0) throw new AppError("IDEMPOTENCY_RUNNING", [lost.join(", ")]);
  if (wrote) passing("key.before-commit");
  await driver.commitTransaction(connection);
  if (!wrote) return;
  tell(requests);
  passing("key.after-commit");
}

class KeyedConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;
  readonly #driver: Driver;
  inTransaction = false;

  constructor(inner: DatabaseConnection, driver: Driver) {
    this.inner = inner;
    this.#driver = driver;
  }

  executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const requests = this.inTransaction ? [] : untoldRequests();
    return requests.length === 0 || reading.test(query.sql)
      ? this.inner.executeQuery<Row>(query)
      : this.#alone<Row>(query, requests);
  }

  streamQuery<Row>(query: CompiledQuery, rows: number): AsyncIterableIterator<QueryResult<Row>> {
    return this.inner.streamQuery<Row>(query, rows);
  }

  /** A statement for itself becomes a transaction that ends with the mark. */
  async #alone<Row>(
    query: CompiledQuery,
    requests: readonly KeyedRequest[],
  ): Promise<QueryResult<Row>> {
    const { inner } = this;
    await this.#driver.beginTransaction(inner, {});
    try {
      const result = await inner.executeQuery<Row>(query);
      await commitMarked(this.#driver, inner, requests);
      return result;
    } catch (error) {
      await this.#driver.rollbackTransaction(inner).catch(() => undefined);
      throw error;
    }
  }
}

/** What `KeyedDriver` gave out. */
function own(connection: DatabaseConnection): KeyedConnection {
  if (connection instanceof KeyedConnection) return connection;
  throw new TypeError("a connection of another driver");
}

class KeyedDriver implements Driver {
  readonly #driver: Driver;
  readonly #connections = new WeakMap<DatabaseConnection, KeyedConnection>();

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  init(): Promise<void> {
    return this.#driver.init();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const inner = await this.#driver.acquireConnection();
    const known = this.#connections.get(inner);
    if (known !== undefined) return known;
    const made = new KeyedConnection(inner, this.#driver);
    this.#connections.set(inner, made);
    return made;
  }

  async beginTransaction(given: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const connection = own(given);
    await this.#driver.beginTransaction(connection.inner, settings);
    connection.inTransaction = true;
  }

  async commitTransaction(given: DatabaseConnection): Promise<void> {
    const connection = own(given);
    const requests = untoldRequests();
    await (requests.length === 0
      ? this.#driver.commitTransaction(connection.inner)
      : commitMarked(this.#driver, connection.inner, requests));
    connection.inTransaction = false;
  }

  async rollbackTransaction(given: DatabaseConnection): Promise<void> {
    const connection = own(given);
    connection.inTransaction = false;
    await this.#driver.rollbackTransaction(connection.inner);
  }

  releaseConnection(given: DatabaseConnection): Promise<void> {
    const connection = own(given);
    connection.inTransaction = false;
    return this.#driver.releaseConnection(connection.inner);
  }

  destroy(): Promise<void> {
    return this.#driver.destroy();
  }
}

export class KeyedDialect extends PostgresDialect {
  override createDriver(): Driver {
    return new KeyedDriver(super.createDriver());
  }
}
