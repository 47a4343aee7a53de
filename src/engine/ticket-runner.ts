/** The runner behind the actions of pack `ticket`. */
import { AppError } from "../model/errors.ts";
import type { Outcome } from "../model/outcome.ts";
import type { Runner } from "../runners/runner.ts";
import { isAway } from "../store/database.ts";
import { ticketSettings } from "../tickets/settings.ts";
import { ticketVerbs, type TicketVerb } from "./ticket-actions.ts";
import { digestVerbs } from "./ticket-digest.ts";
import { raiseAlert } from "./ticket-raise.ts";
import { rate } from "./ticket-report.ts";
import { reviewVerbs } from "./ticket-review.ts";
import type { Core } from "./core.ts";
import type { TicketSettings } from "../tickets/settings.ts";

/** The settings of the present content. */
export function presentTicketSettings(core: Core): TicketSettings {
  return ticketSettings(core.definitions().content.packs.get("ticket")?.config ?? {});
}

/** Runs in the engine's own process: everything it writes is a transaction of the ledger; what it waits for is the desk's work. */
export function ticketRunner(core: () => Core, timeZone: string): Runner {
  const verbs: Readonly<Record<string, TicketVerb>> = {
    ...ticketVerbs,
    ...digestVerbs(timeZone),
    ...reviewVerbs,
    raise: raiseAlert,
    rate,
  };
  return {
    name: "ticket",
    aliases: [],
    description: "Keeps tickets and has their tracker told of them.",
    parameters: {},
    outputKey: undefined,
    onWorkerLost: "rerun",
    inLedger: true,
    run: async (call): Promise<Outcome> => {
      const verb = verbs[call.action.ref.slice(call.action.ref.indexOf(".") + 1)];
      if (verb === undefined)
        return {
          status: "failed",
          result: { error: `There is no ticket action ${call.action.ref}` },
        };
      try {
        const ground = { core: core(), settings: presentTicketSettings(core()) };
        return { status: "succeeded", result: await verb(ground, call) };
      } catch (error) {
        if (error instanceof AppError && !isAway(error))
          return { status: "failed", result: { error: error.message } };
        throw error;
      }
    },
  };
}
