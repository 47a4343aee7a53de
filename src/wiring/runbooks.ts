/** Documents in git, and what is done with them, in this process. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Core } from "../engine/core.ts";
import type { Inventory } from "../engine/inventory.ts";
import { pollingSensor } from "../engine/polling-sensor.ts";
import { lookForRequests } from "../engine/request-polling.ts";
import { RunbookBook } from "../engine/runbook-book.ts";
import { lookForDocuments } from "../engine/runbook-polling.ts";
import { runbookRunner } from "../engine/runbook-runner.ts";
import type { Runner } from "../runners/runner.ts";
import type { Sensor } from "../sensors/sensor.ts";

export interface OpenRunbooks {
  readonly book: RunbookBook;
  readonly runner: Runner;
}

/** Nothing is read before it is asked for. */
export function openRunbooks(
  { home }: Config,
  core: () => Core,
  inventory: Pick<Inventory, "findHost">,
): OpenRunbooks {
  const book = new RunbookBook(core, join(home, "documents"));
  const runner = runbookRunner(() => ({
    core: core(),
    book,
    findHost: (name) => inventory.findHost(name),
  }));
  return { book, runner };
}

/** Look for requests and for new versions of the documents. */
export function runbookSensors(core: Core, book: RunbookBook): readonly (() => Sensor)[] {
  return [
    () =>
      pollingSensor({
        name: "requests",
        seconds: async () => (await book.settings()).requests.pollSeconds,
        look: (signal) => lookForRequests({ core, book }, signal),
      }),
    () =>
      pollingSensor({
        name: "documents",
        seconds: async () => (await book.settings()).pollSeconds,
        look: (signal) => lookForDocuments({ core, book }, signal),
      }),
  ];
}
