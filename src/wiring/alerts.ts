/** What takes alerts in, keeps them and tells of them. */
import type { Config } from "../config.ts";
import { placeFinder } from "../engine/alert-place.ts";
import { alertRunner } from "../engine/alert-runner.ts";
import type { AlertGround } from "../engine/alert-take.ts";
import { Alerts } from "../engine/alerts.ts";
import type { Core } from "../engine/core.ts";
import { ingest } from "../engine/ingest.ts";
import type { Inventory } from "../engine/inventory.ts";
import type { ContentDirectories } from "../content/find-packs.ts";
import { mailPayload } from "../sensors/mail/message.ts";
import type { ParsedMail } from "../sensors/mail/parse.ts";
import { contentDirectories } from "./content.ts";
import { mailParsing } from "./mail-parsing.ts";
import type { Runner } from "../runners/runner.ts";
import type { Database } from "../store/database.ts";
import type { LiveDefinitions } from "./definitions.ts";

export interface Alerting {
  readonly ground: AlertGround;
  readonly alerts: Alerts;
  readonly runner: Runner;
}

/** Who waits at a terminal has more patience than a listener. */
const patienceMs = 30_000;

export function openAlerts(
  database: Database,
  { timeZone }: Config,
  known: () => {
    readonly core: Core;
    readonly live: LiveDefinitions;
    readonly inventory: Inventory;
  },
): Alerting {
  const ground: AlertGround = {
    database,
    timeZone,
    parsers: () => known().live.loaded.compiled.parsers,
    policies: () => known().live.loaded.compiled.alertPolicies,
    place: placeFinder(() => known().inventory),
    ingest: (events) => ingest(known().core, events),
  };
  // Its children start when mails are read again.
  const { parse, close } = mailParsing(patienceMs);
  const alerts = new Alerts(ground, async (raw) => ({ ...(await mailPayload(raw, parse)) }));
  return { ground, alerts, runner: alertRunner({ database, alerts, close }) };
}

/** For trying parsers on files, without an engine. */
export function alertParts(config: Config): {
  readonly directories: ContentDirectories;
  readonly timeZone: string;
  readonly readMail: (
    raw: Buffer,
  ) => Promise<{ readonly mail: ParsedMail; readonly fault: string | null }>;
  readonly close: () => Promise<void>;
} {
  const { parse, close } = mailParsing(patienceMs);
  return {
    directories: contentDirectories(config),
    timeZone: config.timeZone,
    readMail: async (raw) => {
      const { parse_error: fault, ...mail } = await mailPayload(raw, parse);
      return { mail, fault };
    },
    close,
  };
}
