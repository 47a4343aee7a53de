/** All cases, in the order in which they run. */
import type { Case } from "./case.ts";
import { runChaos } from "./cases/chaos.ts";

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
            workflows: 300,
            mails: 20,
            changes: 20,
            kills: 15,
            pauses: 1,
            restarts: 0,
            wipes: 1,
          },
          full: {
            workflows: 10_000,
            mails: 200,
            changes: 200,
            kills: 200,
            pauses: 5,
            restarts: 0,
            wipes: 1,
          },
          nightly: {
            workflows: 10_000,
            mails: 500,
            changes: 500,
            kills: 400,
            pauses: 10,
            restarts: 0,
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
          ci: {
            workflows: 200,
            mails: 10,
            changes: 10,
            kills: 0,
            pauses: 0,
            restarts: 3,
            wipes: 0,
          },
          full: {
            workflows: 5_000,
            mails: 100,
            changes: 100,
            kills: 0,
            pauses: 0,
            restarts: 20,
            wipes: 0,
          },
          nightly: {
            workflows: 5_000,
            mails: 200,
            changes: 200,
            kills: 20,
            pauses: 0,
            restarts: 60,
            wipes: 1,
          },
        }),
      ),
  },
];
