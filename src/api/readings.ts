/** What the ledger tells the metrics, over all processes. */
import type { Core } from "../engine/core.ts";
import { unfinishedStatuses } from "../model/execution.ts";
import { countKept } from "../store/counts.ts";
import { countExecutions } from "../store/execution-counts.ts";
import { feedLagOf } from "../engine/inventory-feed.ts";
import { countBreakers } from "../store/breakers.ts";
import { openCounts } from "../store/open-counts.ts";
import { type PoolState, poolStates } from "../store/pools.ts";
import { liveProcesses } from "../store/processes.ts";
import { openStreams } from "./streams.ts";
import type { Reading } from "./metrics.ts";

/** Whoever asks for a pool names it: labels stay bounded. */
const mostPools = 100;

const kept = [
  ["raicho_executions_total", "Executions in the ledger.", "execution"],
  ["raicho_trigger_instances_total", "Trigger instances in the ledger.", "trigger_instance"],
  ["raicho_enforcements_total", "Rule enforcements in the ledger.", "enforcement"],
] as const;

function totals(db: Core["database"]["db"]): readonly Reading[] {
  return kept.map(([name, help, table]) => ({
    name,
    help,
    kind: "gauge",
    read: async () => [
      { value: await (table === "execution" ? countExecutions(db, {}) : countKept(db, table)) },
    ],
  }));
}

/** Of the inventory's feed and its guards. */
function inventoryReadings(db: Core["database"]["db"]): readonly Reading[] {
  return [
    {
      name: "raicho_inventory_feed_lag_seconds",
      help: "Age of the oldest change of the inventory that no rule has heard of; 0 when there is none.",
      kind: "gauge",
      read: async () => [{ value: await feedLagOf(db) }],
    },
    {
      name: "raicho_inventory_breakers",
      help: "Rules that are held off an entry because they fired too often on it.",
      kind: "gauge",
      read: async () => [{ value: (await countBreakers(db)).entries }],
    },
    {
      name: "raicho_rules_held",
      help: "Rules that went round and are held off what they lead to.",
      kind: "gauge",
      read: async () => [{ value: (await countBreakers(db)).loops }],
    },
  ];
}

/** Of the pools that something waits for, or that somebody serves. */
function poolReadings(db: Core["database"]["db"]): readonly Reading[] {
  const read =
    (value: (state: PoolState) => number): Reading["read"] =>
    async () =>
      (await poolStates(db))
        .slice(0, mostPools)
        .map((state) => ({ labels: { pool: state.pool }, value: value(state) }));
  return [
    {
      name: "raicho_pool_waiting",
      help: "Executions that could run now and wait for a worker of that pool.",
      kind: "gauge",
      read: read(({ waiting }) => waiting),
    },
    {
      name: "raicho_pool_workers",
      help: "Live processes that serve that pool.",
      kind: "gauge",
      read: read(({ workers }) => workers.length),
    },
  ];
}

export function ledgerReadings({ database, pump }: Core, version: string): readonly Reading[] {
  const { db } = database;
  return [
    ...inventoryReadings(db),
    {
      name: "raicho_info",
      help: "Always 1; the version stands in the label.",
      kind: "gauge",
      read: () => [{ labels: { version }, value: 1 }],
    },
    {
      name: "raicho_ledger_up",
      help: "1 while commits reach the database.",
      kind: "gauge",
      read: () => [{ value: pump.healthy() ? 1 : 0 }],
    },
    {
      name: "raicho_executions",
      help: "Executions that have not ended, by status.",
      kind: "gauge",
      read: async () => {
        const counts = new Map((await openCounts(db)).map(({ status, count }) => [status, count]));
        return unfinishedStatuses.map((status) => ({
          labels: { status },
          value: counts.get(status) ?? 0,
        }));
      },
    },
    ...totals(db),
    {
      name: "raicho_processes",
      help: "Processes that gave a sign of life in the last ten seconds, by role.",
      kind: "gauge",
      read: async () => {
        const live = await liveProcesses(db);
        const roles = new Map<string, number>();
        for (const { role } of live) roles.set(role, (roles.get(role) ?? 0) + 1);
        return [...roles].map(([role, value]) => ({ labels: { role }, value }));
      },
    },
    ...poolReadings(db),
    {
      name: "raicho_streams",
      help: "Streams of events that are open at this process.",
      kind: "gauge",
      read: () => [{ value: openStreams() }],
    },
  ];
}
