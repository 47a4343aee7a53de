/** The inventory as whoever calls sees it: routes have no other way to it. */
import type { RequestHandler, Response } from "express";
import type { Inventory } from "../engine/inventory.ts";
import type { Viewers } from "../engine/inventory-viewers.ts";
import { rightsOf, userOf } from "./guard.ts";

export type InventoryViews = Pick<Viewers, "as" | "granted" | "named">;

const lent = new WeakMap<Response, Pick<InventoryViews, "as">>();
const views = new WeakMap<Response, Inventory>();

/** Lends every request the inventory as its caller sees it, for the few routes that ask for it. */
export function lending(given: Pick<InventoryViews, "as">): RequestHandler {
  return (_request, response, next) => {
    lent.set(response, given);
    next();
  };
}

/** The inventory of the caller of that request, looked up when it is needed. Throws where `lending` was not before. */
export async function lentInventory(response: Response): Promise<Inventory> {
  const given = lent.get(response);
  if (given === undefined) throw new Error("whose view of the inventory is not known");
  const user = userOf(response);
  return given.as({ name: user.name, ...rightsOf(user) });
}

/** Looks up what the caller may see, before any route. */
export function viewing(given: Pick<InventoryViews, "as">): RequestHandler {
  return async (_request, response, next) => {
    lent.set(response, given);
    views.set(response, await lentInventory(response));
    next();
  };
}

/** The inventory of the caller of that request. Throws where `viewing` was not before. */
export function inventoryOf(response: Response): Inventory {
  const view = views.get(response);
  if (view === undefined) throw new Error("whose view of the inventory is not known");
  return view;
}
