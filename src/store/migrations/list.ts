import type { Kysely } from "kysely";
import { up as ledger } from "./0001_ledger.ts";
import { up as inventory } from "./0002_inventory.ts";
import { up as api } from "./0003_api.ts";
import { up as sensors } from "./0020_sensors.ts";
import { up as policies } from "./0040_policies.ts";
import { up as access } from "./0060_access.ts";
import { up as resources } from "./0070_resources.ts";
import { up as history } from "./0080_history.ts";
import { up as stackstormKeys } from "./0100_stackstorm_keys.ts";
import { up as inventoryReverts } from "./0090_inventory_reverts.ts";
import { up as shownResult } from "./0120_shown_result.ts";
import { up as cheapHistory } from "./0130_cheap_history.ts";
import { up as traces } from "./0150_traces.ts";
import { up as inventoryGrants } from "./0180_inventory_grants.ts";
import { up as inventoryFormulas } from "./0190_inventory_formulas.ts";
import { up as inventoryTypeVersions } from "./0191_inventory_type_versions.ts";
import { up as inventoryClaims } from "./0200_inventory_claims.ts";
import { up as inventoryCheapRows } from "./0220_inventory_cheap_rows.ts";
import { up as inventoryChangesetEvents } from "./0221_inventory_changeset_events.ts";
import { up as inventoryBreakers } from "./0222_inventory_breakers.ts";
import { up as inventoryExpiry } from "./0223_inventory_expiry.ts";
import { up as inventoryOrders } from "./0224_inventory_orders.ts";
import { up as inventoryBulk } from "./0230_inventory_bulk.ts";
import { up as inventoryFilters } from "./0240_inventory_filters.ts";
import { up as inventoryTypeChanges } from "./0241_inventory_type_changes.ts";
import { up as instanceCause } from "./0250_instance_cause.ts";
import { up as inventoryChanges } from "./0251_inventory_changes.ts";
import { up as inventoryEdgeTypes } from "./0390_inventory_edge_types.ts";
import { up as inventoryLookup } from "./0391_inventory_lookup.ts";
import { up as inventoryVacuum } from "./0420_inventory_vacuum.ts";
import { up as alertStates } from "./0300_alert_states.ts";
import { up as tickets } from "./0320_tickets.ts";
import { up as requests } from "./0340_requests.ts";
import { up as alertTickets } from "./0321_alert_tickets.ts";
import { up as digests } from "./0322_digests.ts";
import { up as ticketRatings } from "./0323_ticket_ratings.ts";
import { up as ruleBreakers } from "./0375_rule_breakers.ts";
import { up as processPools } from "./0380_process_pools.ts";
import { up as keyedRequests } from "./0520_keyed_requests.ts";
import { up as inventoryPushes } from "./0385_inventory_pushes.ts";
import { up as ticketChangeMerge } from "./0440_ticket_change_merge.ts";

/** In order; a name is never changed or removed once released. */
export const migrations: ReadonlyArray<{
  readonly name: string;
  readonly up: (db: Kysely<unknown>) => Promise<void>;
}> = [
  { name: "0001_ledger", up: ledger },
  { name: "0002_inventory", up: inventory },
  { name: "0003_api", up: api },
  { name: "0020_sensors", up: sensors },
  { name: "0040_policies", up: policies },
  { name: "0060_access", up: access },
  { name: "0070_resources", up: resources },
  { name: "0080_history", up: history },
  { name: "0090_inventory_reverts", up: inventoryReverts },
  { name: "0100_stackstorm_keys", up: stackstormKeys },
  { name: "0120_shown_result", up: shownResult },
  { name: "0130_cheap_history", up: cheapHistory },
  { name: "0150_traces", up: traces },
  { name: "0180_inventory_grants", up: inventoryGrants },
  { name: "0190_inventory_formulas", up: inventoryFormulas },
  { name: "0191_inventory_type_versions", up: inventoryTypeVersions },
  { name: "0200_inventory_claims", up: inventoryClaims },
  { name: "0220_inventory_cheap_rows", up: inventoryCheapRows },
  { name: "0221_inventory_changeset_events", up: inventoryChangesetEvents },
  { name: "0222_inventory_breakers", up: inventoryBreakers },
  { name: "0223_inventory_expiry", up: inventoryExpiry },
  { name: "0224_inventory_orders", up: inventoryOrders },
  { name: "0230_inventory_bulk", up: inventoryBulk },
  { name: "0240_inventory_filters", up: inventoryFilters },
  { name: "0241_inventory_type_changes", up: inventoryTypeChanges },
  { name: "0250_instance_cause", up: instanceCause },
  { name: "0251_inventory_changes", up: inventoryChanges },
  { name: "0300_alert_states", up: alertStates },
  { name: "0320_tickets", up: tickets },
  { name: "0340_requests", up: requests },
  { name: "0321_alert_tickets", up: alertTickets },
  { name: "0322_digests", up: digests },
  { name: "0323_ticket_ratings", up: ticketRatings },
  { name: "0375_rule_breakers", up: ruleBreakers },
  { name: "0380_process_pools", up: processPools },
  { name: "0385_inventory_pushes", up: inventoryPushes },
  { name: "0390_inventory_edge_types", up: inventoryEdgeTypes },
  { name: "0391_inventory_lookup", up: inventoryLookup },
  { name: "0440_ticket_change_merge", up: ticketChangeMerge },
  { name: "0420_inventory_vacuum", up: inventoryVacuum },
  { name: "0520_keyed_requests", up: keyedRequests },
];
