/** Finds the execution that a path names. */
import type { Response } from "express";
import { AppError } from "../model/errors.ts";
import { listExecutions } from "../store/execution-list.ts";
import { findExecution, type StoredExecution } from "../store/executions.ts";
import type { Door } from "./door.ts";
import { refusal } from "./query.ts";

/** The execution of that id, of that live action, or the newest for `last`. Throws EXECUTION_NOT_FOUND. */
export async function existing({ core }: Door, id: string): Promise<StoredExecution> {
  const { db } = core.database;
  if (id === "last") {
    const { rows } = await listExecutions(db, { parent: null }, { limit: 1, offset: 0 });
    if (rows[0] === undefined) throw refusal("No executions found in the database");
    const last = await findExecution(db, rows[0].id);
    if (last !== undefined) return last;
  }
  const execution = await findExecution(db, id);
  if (execution === undefined) throw new AppError("EXECUTION_NOT_FOUND", [id]);
  return execution;
}

const found = new WeakMap<Response, { readonly id: string; readonly execution: StoredExecution }>();

/** The same for what only reads: looked for once, however many ask while one request is answered. */
export async function existingOnce(
  door: Door,
  id: string,
  response: Response,
): Promise<StoredExecution> {
  const known = found.get(response);
  if (known?.id === id) return known.execution;
  const execution = await existing(door, id);
  found.set(response, { id, execution });
  return execution;
}
