/** Actions on saved filters and groups. */
import { badRequest } from "../inventory/problem.ts";
import type { JsonObject } from "../model/json.ts";
import { filterHistory, filterNamed, filters, members } from "./inventory-filters.ts";
import { removeFilter, saveFilter, type FilterAuthor } from "./inventory-filter-saving.ts";
import type { Inventory } from "./inventory.ts";
import { count, needed, text } from "./inventory-parameters.ts";
import type { Operation } from "./inventory-sheet-operations.ts";
import type { Author } from "./inventory-write.ts";

/** Whoever may write some entry may share filters. */
function sharing({ eyes }: Inventory): boolean {
  return [...eyes.known.byId.keys()].some((id) => eyes.ever(id, "write") !== undefined);
}

function authorOf(
  service: Inventory,
  parameters: JsonObject,
  { actor, reason }: Author,
): FilterAuthor {
  return { actor, reason, maySharing: sharing(service), ifVersion: count(parameters, "version") };
}

const words = ["type", "where", "description", "sort", "select", "shared", "protected"];

async function groupId(service: Inventory, parameters: JsonObject): Promise<string> {
  const id = text(parameters, "id");
  if (id !== undefined) return id;
  const given = text(parameters, "name") ?? parameters["key"];
  if (given === undefined || given === null)
    throw badRequest("which group? Give id, or type with name or key");
  return (await service.find(text(parameters, "type") ?? "NodeSet", given)).id;
}

export const filterOperations: Readonly<Record<string, Operation>> = {
  filters: async (service, parameters) => {
    const name = text(parameters, "name");
    return {
      filters: name === undefined ? await filters(service) : [await filterNamed(service, name)],
    };
  },
  filter_history: async (service, parameters) => ({
    versions: await filterHistory(service, needed(parameters, "name")),
  }),
  save_filter: (service, parameters, author) => {
    const body = Object.fromEntries(
      words.flatMap((word) => {
        const value = parameters[word];
        return value === undefined || value === null || value === "" ? [] : [[word, value]];
      }),
    );
    const asked = { name: needed(parameters, "name"), body };
    return saveFilter(service, asked, authorOf(service, parameters, author));
  },
  delete_filter: async (service, parameters, author) => ({
    filter: await removeFilter(
      service,
      needed(parameters, "name"),
      authorOf(service, parameters, author),
    ),
  }),
  members: async (service, parameters) =>
    members(service, await groupId(service, parameters), {
      type: text(parameters, "of_type"),
      limit: count(parameters, "limit"),
      after: text(parameters, "after"),
      count: parameters["count"] === true,
    }),
};
