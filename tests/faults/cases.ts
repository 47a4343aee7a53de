/** All cases, in the order in which they run. */
import type { Case } from "./case.ts";
import { runChaos } from "./cases/chaos.ts";
import { runDuplicates, runPoison } from "./cases/deliveries.ts";
import { runFlood } from "./cases/floods.ts";
import { runClock } from "./cases/clock.ts";
import { runFullDisk } from "./cases/full-disk.ts";
import { runMachines } from "./cases/machines.ts";
import { noFaketime, noMounts, noNamespaces } from "./privileges.ts";
import { runPoints } from "./cases/points.ts";
import { runRunaways } from "./cases/runaways.ts";
import { runLate, runNetwork, runRolling } from "./cases/simple.ts";
import { runJoins, runLost, runPaused } from "./cases/workers.ts";

export const cases: readonly Case[] = [
  {
    name: "kills",
    promises: "P1 P2 P3 P4 P5 P6 P7",
    backends: "both",
    run: (context) =>
      runChaos(
        context,
        context.size({
          ci: {
            workflows: 200,
            mails: 10,
            changes: 10,
            kills: 10,
            databaseKills: 2,
            pauses: 1,
            wipes: 1,
          },
          full: {
            workflows: 10_000,
            mails: 200,
            changes: 200,
            kills: 200,
            databaseKills: 20,
            pauses: 5,
            wipes: 1,
          },
          nightly: {
            workflows: 10_000,
            mails: 500,
            changes: 500,
            kills: 400,
            databaseKills: 40,
            pauses: 9,
            wipes: 3,
          },
        }),
      ),
  },
  {
    name: "database restarts",
    promises: "P1 P3 P4 P5 P7",
    backends: "both",
    run: (context) =>
      runChaos(
        context,
        context.size({
          ci: { workflows: 120, mails: 5, changes: 5, restarts: 3, freezes: 1 },
          full: { workflows: 10_000, mails: 100, changes: 100, restarts: 20, freezes: 5 },
          // As DBOS does it every hour: 5,000 workflows, the database away every 5 to 10 s.
          nightly: {
            workflows: 5_000,
            mails: 200,
            changes: 200,
            kills: 20,
            restarts: 100,
            freezes: 10,
          },
        }),
      ),
  },
  {
    name: "Redis lost",
    promises: "P3 P4 P5 P7",
    backends: "redis",
    run: (context) =>
      runChaos(
        context,
        context.size({
          ci: { workflows: 120, mails: 5, changes: 5, redisKills: 2, redisFreezes: 1, wipes: 2 },
          full: {
            workflows: 2_000,
            mails: 50,
            changes: 50,
            redisKills: 5,
            redisFreezes: 5,
            wipes: 5,
          },
          nightly: {
            workflows: 5_000,
            mails: 50,
            changes: 50,
            redisKills: 20,
            redisFreezes: 9,
            wipes: 20,
          },
        }),
      ),
  },
  {
    name: "crash points",
    promises: "P1 P2 P3 P4 P5 P6 P7",
    backends: "postgres",
    // Forty starts of the program take longer than the others together.
    notIn: ["ci"],
    run: (context) =>
      runPoints(context, context.repeat ?? context.size({ ci: 1, full: 20, nightly: 40 })),
  },
  { name: "lost workers", promises: "P5 P8", backends: "postgres", run: runLost },
  { name: "joins", promises: "P4", backends: "postgres", run: runJoins },
  { name: "paused worker", promises: "P4 P5", backends: "postgres", run: runPaused },
  { name: "duplicates", promises: "P2", backends: "postgres", run: runDuplicates },
  { name: "poison", promises: "P1 P7", backends: "postgres", run: runPoison },
  { name: "network", promises: "P1 P5 P7", backends: "postgres", run: runNetwork },
  { name: "flood", promises: "P1", backends: "postgres", run: runFlood },
  { name: "runaways", promises: "P1 P3 P7", backends: "postgres", run: runRunaways },
  { name: "rolling restarts", promises: "P5 P7", backends: "postgres", run: runRolling },
  {
    name: "clock",
    promises: "P2 P3 P4 P5 P7",
    backends: "postgres",
    // The short profile has ten minutes.
    notIn: ["ci"],
    cannot: noFaketime,
    run: runClock,
  },
  {
    name: "full disk",
    promises: "P1 P7",
    backends: "postgres",
    notIn: ["ci"],
    cannot: noMounts,
    run: runFullDisk,
  },
  {
    name: "machines",
    promises: "P1 P2 P3 P4 P5 P7",
    backends: "both",
    // Minutes of partitions that must pass.
    notIn: ["ci"],
    cannot: noNamespaces,
    run: runMachines,
  },
  { name: "late database", promises: "P7", backends: "postgres", run: runLate },
];
