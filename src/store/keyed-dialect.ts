/** PostgreSQL for Kysely, where transactions and single statements of a keyed request end with a mark at its key (`keyed.ts`). */
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
import { type KeyedRequest, untoldRequest } from "./keyed.ts";

/** Marks the key where this transaction wrote anything; not when it is another process's by now. */
const mark = `with wrote as materialized (select pg_current_xact_id_if_assigned() is not null as yes),
  marked as (update idempotency set changed = true from wrote where yes and scope = $1 and key = $2 and process = $3 and status is null returning key)
  select yes, exists (select from marked) as marked from wrote`;

/** Also where a comment comes first (`prepared.ts`). */
const reading = /^\s*(?:\/\*[^*]*\*\/\s*)?(?:select|show|set|reset)\b/i;

async function commitMarked(
  driver: Driver,
  connection: DatabaseConnection,
  request: KeyedRequest,
): Promise<void> {
  const { scope, key, process } = request;
  const { rows } = await connection.executeQuery<{ yes: boolean; marked: boolean }>(
    CompiledQuery.raw(mark, [scope, key, process]),
  );
  const wrote = rows[0]?.yes === true;
  if (wrote && rows[0]?.marked === false) throw new AppError("IDEMPOTENCY_RUNNING", [key]);
  if (wrote) passing("key.before-commit");
  await driver.commitTransaction(connection);
  if (!wrote) return;
  request.told = true;
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
    const request = this.inTransaction ? undefined : untoldRequest();
    return request === undefined || reading.test(query.sql)
      ? this.inner.executeQuery<Row>(query)
      : this.#alone<Row>(query, request);
  }

  streamQuery<Row>(query: CompiledQuery, rows: number): AsyncIterableIterator<QueryResult<Row>> {
    return this.inner.streamQuery<Row>(query, rows);
  }

  /** A statement for itself becomes a transaction that ends with the mark. */
  async #alone<Row>(query: CompiledQuery, request: KeyedRequest): Promise<QueryResult<Row>> {
    const { inner } = this;
    await this.#driver.beginTransaction(inner, {});
    try {
      const result = await inner.executeQuery<Row>(query);
      await commitMarked(this.#driver, inner, request);
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
    const request = untoldRequest();
    await (request === undefined
      ? this.#driver.commitTransaction(connection.inner)
      : commitMarked(this.#driver, connection.inner, request));
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
