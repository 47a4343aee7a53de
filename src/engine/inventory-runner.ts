/** The runner behind the actions of pack `inventory`: in-process, quick, safe to run again. */
import { readCause } from "../inventory/cause.ts";
import { cloneRequest } from "../inventory/clone-request.ts";
import { readJsonPatch } from "../inventory/json-patch.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { isoMoment } from "../inventory/query-time.ts";
import { rackSvg } from "../inventory/rack-picture.ts";
import { readUpsertItem } from "../inventory/upsert.ts";
import { shown } from "../inventory/validate.ts";
import type { JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import type { RunCall, Runner } from "../runners/runner.ts";
import type { EntryPatch, Inventory } from "./inventory.ts";
import { difference, entryAt, historyOf } from "./inventory-history.ts";
import { ansibleInventory, impact, suggest } from "./inventory-deploy.ts";
import { changesetNamed, changesets } from "./inventory-changesets.ts";
import { migrations, misfits } from "./inventory-migration-view.ts";
import { rackPicture, trace } from "./inventory-picture.ts";
import { render, renderRequest } from "./inventory-render.ts";
import { allocationCount } from "./inventory-pool.ts";
import { exposureOf } from "./inventory-exposure.ts";
import { findOncall } from "./inventory-oncall.ts";
import { filterOperations } from "./inventory-filter-operations.ts";
import { attributes, count, needed, text, texts } from "./inventory-parameters.ts";
import { sheetOperations, type Operation } from "./inventory-sheet-operations.ts";
import type { Author } from "./inventory-write.ts";

/** The entry that the parameters mean: `id`, or `type` with `name` (a name or the value of a key) or `key` (a key's attributes). */
async function entryId(service: Inventory, parameters: JsonObject): Promise<string> {
  const id = text(parameters, "id");
  if (id !== undefined) return id;
  const given = text(parameters, "name") ?? parameters["key"];
  if (given === undefined || given === null)
    throw badRequest("which entry? Give id, or type with name or key");
  return (await service.find(needed(parameters, "type"), given)).id;
}

async function upsert(
  service: Inventory,
  parameters: JsonObject,
  author: Author,
): Promise<unknown> {
  const items = parameters["items"];
  if (Array.isArray(items)) {
    const read = items.map((item: unknown, index) => readUpsertItem(item, `items[${index}]`));
    return { results: await service.upsert(read, author) };
  }
  const { type, match, set, set_once, add } = parameters;
  const item = readUpsertItem({ type, match, set, set_once, add }, "parameters");
  const [result] = await service.upsert([item], author);
  if (result?.error !== undefined)
    throw new InventoryError("INVENTORY_REQUEST", [result.error], { ...result });
  if (result?.id === undefined) return result;
  return {
    result: result.result,
    changed: result.changed ?? [],
    ...(result.locked === undefined ? {} : { locked: result.locked }),
    entry: await service.get(result.id),
  };
}

/** A merge patch in `attributes`, or a JSON Patch in `operations`. */
function patchIn(parameters: JsonObject): EntryPatch {
  const { operations, attributes: merge } = parameters;
  if (!isGiven(operations)) return attributes(parameters, "attributes");
  if (!isGiven(merge)) return readJsonPatch(operations);
  throw badRequest("attributes and operations: give one of them, a merge patch or a JSON Patch");
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isEntryNamed({ id, name, key }: JsonObject): boolean {
  return [id, name, key].some((value) => value !== undefined && value !== null && value !== "");
}

/** `name` says which entry is meant; `new_name` what the copy is called. */
function withoutNamer(parameters: JsonObject): JsonObject {
  return { ...parameters, name: parameters["new_name"] };
}

const inventoryOperations: Readonly<Record<string, Operation>> = {
  get: async (service, parameters) => service.get(await entryId(service, parameters)),
  search: (service, parameters) =>
    service.search({
      type: text(parameters, "type"),
      filter: text(parameters, "filter"),
      text: text(parameters, "text"),
      where: parameters["where"] ?? {},
      sort: text(parameters, "sort"),
      select: texts(parameters, "select"),
      facets: texts(parameters, "facets"),
      count: parameters["count"] === true,
      limit: count(parameters, "limit"),
      after: text(parameters, "after"),
    }),
  upsert,
  patch: async (service, parameters, author) =>
    service.patch(await entryId(service, parameters), patchIn(parameters), {
      author,
      ifVersion: count(parameters, "version"),
    }),
  delete: async (service, parameters, author) =>
    service.remove(await entryId(service, parameters), {
      author,
      ifVersion: count(parameters, "version"),
    }),
  restore: (service, parameters, author) => service.restore(needed(parameters, "id"), author),
  allocate: async (service, parameters, author) => ({
    entries: await service.allocate(needed(parameters, "type"), parameters["from"], {
      count: allocationCount(parameters["count"] ?? undefined),
      size: count(parameters, "size"),
      set: attributes(parameters, "set"),
      author,
    }),
  }),
  render: async (service, parameters) => ({
    text: await render(service, {
      ...renderRequest({ ...parameters, id: undefined }),
      id: isEntryNamed(parameters) ? await entryId(service, parameters) : undefined,
    }),
  }),
  available: async (service, parameters) => ({
    values: await service.available(needed(parameters, "type"), parameters["from"], {
      count: allocationCount(parameters["count"] ?? undefined),
      size: count(parameters, "size"),
    }),
  }),
  suggest: async (service, parameters) => ({
    suggestions: await suggest(service, {
      type: [needed(parameters, "type")],
      text: text(parameters, "text") ?? "",
      limit: count(parameters, "limit"),
    }),
  }),
  ansible: (service, parameters) =>
    ansibleInventory(service, {
      type: texts(parameters, "types"),
      filter: text(parameters, "filter"),
      where: parameters["where"] ?? {},
      groupBy: texts(parameters, "group_by") ?? [],
    }),
  trace: async (service, parameters) => trace(service, await entryId(service, parameters)),
  elevation: async (service, parameters) => {
    const rack = await rackPicture(service, await entryId(service, parameters), "");
    return { ...rack, svg: rackSvg(rack, ["front", "rear"]) };
  },
  types: (service, parameters) => {
    const name = text(parameters, "type");
    const types = name === undefined ? [...service.known.byName.values()] : [service.type(name)];
    return Promise.resolve({
      types: types.map(({ name: of, pack, document }) => ({
        name: of,
        pack,
        definition: document,
      })),
    });
  },
  migrations: async (service) => ({ migrations: await migrations(service) }),
  misfits: async (service, parameters) => ({
    misfits: await misfits(
      { ground: service.ground, type: (name) => service.type(name) },
      needed(parameters, "type"),
    ),
  }),
  changeset: (service, parameters) =>
    changesetNamed(service.ground, needed(parameters, "changeset"), {
      after: text(parameters, "after"),
      limit: count(parameters, "limit"),
    }),
  changesets: (service, parameters) =>
    changesets(service.ground, {
      actor: text(parameters, "actor"),
      source: text(parameters, "of_source"),
      ticket: text(parameters, "of_ticket"),
      since: text(parameters, "since"),
      until: text(parameters, "until"),
      after: text(parameters, "after"),
      limit: count(parameters, "limit"),
    }),
  at: async (service, parameters) => {
    const moment = needed(parameters, "moment");
    const at = isoMoment(moment);
    if (at === undefined)
      throw badRequest(`moment is ${shown(moment)}; expected 2026-04-01T09:00:00+09:00`);
    return entryAt(service.ground, await entryId(service, parameters), { at });
  },
  clone: async (service, parameters, author) =>
    service.clone(
      cloneRequest(await entryId(service, parameters), withoutNamer(parameters)),
      author,
    ),
  revert: async (service, parameters, author) => {
    const version = count(parameters, "version");
    if (version === undefined) throw badRequest("version is missing");
    const to = { version, attributes: texts(parameters, "attributes") };
    return service.revert(await entryId(service, parameters), to, { author });
  },
  revert_changeset: (service, parameters, author) =>
    service.revertChangeset(needed(parameters, "changeset"), author),
  history: async (service, parameters) => ({
    revisions: await historyOf(service.ground, await entryId(service, parameters), {
      before: count(parameters, "before"),
      limit: count(parameters, "limit"),
    }),
  }),
  diff: async (service, parameters) => {
    const from = count(parameters, "from");
    if (from === undefined) throw badRequest("from is missing; expected a version");
    const to = count(parameters, "to");
    return difference(service.ground, await entryId(service, parameters), { from, to });
  },
  find_host: (service, parameters) => service.findHost(needed(parameters, "host")),
  impact: async (service, parameters) => impact(service, await entryId(service, parameters)),
  find_exposure: async (service, parameters) =>
    exposureOf(service, await entryId(service, parameters)),
  find_oncall: (service, parameters) => findOncall(service, needed(parameters, "host")),
  find_owner: (service, parameters) => service.findOwner(needed(parameters, "host")),
  ...filterOperations,
  ...sheetOperations,
};

/** The acting user and the chain of causes, from the execution itself: an action cannot forge either. */
function authorOf({ context, executionId, parameters }: RunCall): Author {
  const { user, inventory_cause: given } = context;
  const cause = readCause(given);
  return {
    actor: typeof user === "string" ? user : "workflow",
    kind: "workflow",
    source: text(parameters, "source"),
    ...(parameters["override"] === true ? { override: true } : {}),
    reason: text(parameters, "reason"),
    ticket: text(parameters, "ticket"),
    cause: { ...cause, execution: executionId },
  };
}

/** `inventoryOf`: the inventory as that user sees it; undefined = the user in whose name rules act. */
export function inventoryRunner(
  inventoryOf: (user: string | undefined) => Promise<Inventory>,
): Runner {
  return {
    name: "inventory",
    aliases: [],
    description: "Reads and changes the inventory.",
    parameters: {
      operation: {
        type: "string",
        description: "What to do.",
        enum: Object.keys(inventoryOperations),
        required: true,
      },
    },
    outputKey: undefined,
    onWorkerLost: "rerun",
    inLedger: true,
    run: async (call) => {
      if (call.signal.aborted) {
        const reason: unknown = call.signal.reason;
        const error = reason instanceof Error ? reason.message : "canceled";
        return { status: "canceled", result: { error } };
      }
      const { user } = call.context;
      return perform(await inventoryOf(typeof user === "string" ? user : undefined), call);
    },
  };
}

async function perform(service: Inventory, call: RunCall): Promise<Outcome> {
  const name = call.parameters["operation"];
  try {
    const operation = typeof name === "string" ? inventoryOperations[name] : undefined;
    if (operation === undefined)
      throw badRequest(
        `operation is ${shown(name)}; expected one of ${Object.keys(inventoryOperations).join(", ")}`,
      );
    return {
      status: "succeeded",
      result: await operation(service, call.parameters, authorOf(call)),
    };
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    const { code, message, details } = error;
    return { status: "failed", result: { error: message, code, ...details } };
  }
}
