/** The runner behind the actions of pack `ticket`. */
import type { Runner } from "../runners/runner.ts";
import { ticketSettings } from "../tickets/settings.ts";
import { ticketVerbs, type TicketGround, type TicketVerb } from "./ticket-actions.ts";
import { digestVerbs } from "./ticket-digest.ts";
import { raiseAlert } from "./ticket-raise.ts";
import { rate } from "./ticket-report.ts";
import { reviewVerbs } from "./ticket-review.ts";
import type { Core } from "./core.ts";
import { runVerb } from "./verbs.ts";
import type { TicketSettings } from "../tickets/settings.ts";

/** The settings of the present content. */
export function presentTicketSettings(core: Core): TicketSettings {
  return ticketSettings(core.definitions().content.packs.get("ticket")?.config ?? {});
}

/** Runs in the engine's own process: everything it writes is a transaction of the ledger; what it waits for is the desk's work. */
export function ticketRunner(
  core: () => Core,
  { timeZone, findOwner }: { readonly timeZone: string } & Pick<TicketGround, "findOwner">,
): Runner {
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
    run: (call) =>
      runVerb(verbs, call, async (verb) =>
        verb({ core: core(), settings: presentTicketSettings(core()), findOwner }, call),
      ),
  };
}
