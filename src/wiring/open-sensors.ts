/** The sensors of a process: mail, timers, the inventory's change feed, and those of packs. */
import type { Config } from "../config.ts";
import { readTls } from "../config-values.ts";
import { alertClock } from "../engine/alert-clock.ts";
import { businessTickSensor, presentCalendar } from "../engine/business-calendar.ts";
import { inventoryChangeClock } from "../engine/inventory-change-clock.ts";
import { inventoryExpiry } from "../engine/inventory-expiry.ts";
import { inventoryFeed } from "../engine/inventory-feed.ts";
import { triggersInUse } from "../model/definitions.ts";
import { inventorySignals } from "../engine/inventory-signals.ts";
import { isObject } from "../model/json.ts";
import { imapAccounts, imapSensor } from "../sensors/imap.ts";
import type { LoopingSensor } from "../sensors/looping-sensor.ts";
import { type Certificate, smtpSensor, type SmtpSensor } from "../sensors/smtp.ts";
import { timerSensor, type TimerSensor, timersOf } from "../sensors/timer.ts";
import type { EngineProcess } from "./engine.ts";
import { mailParsing } from "./mail-parsing.ts";
import { openPythonSensors } from "./python-sensors.ts";
import { say } from "./log.ts";
import { runbookSensors } from "./runbooks.ts";
import { keepSensor, type KeptSensor } from "./sensors.ts";

export interface OpenSensors {
  /** `HOST:PORT`, or `-` when there is no listener. */
  readonly smtp: string;
  stop(): Promise<void>;
}

/** Takes a certificate over that was renewed; the door tells when it cannot be read. */
function renew(smtp: SmtpSensor | undefined, pair: () => Certificate | undefined): void {
  try {
    const certificate = pair();
    if (certificate !== undefined) smtp?.renew(certificate);
  } catch (error) {
    say("warn", "the certificate for SMTP could not be read again; the last one stays", {
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

/** Starts them all; rejects when the SMTP port cannot be had. */
export async function openSensors(engine: EngineProcess, config: Config): Promise<OpenSensors> {
  const { core } = engine;
  const { parse, close } = mailParsing();
  const kept: KeptSensor[] = [];
  let smtp: SmtpSensor | undefined;
  const { smtpPort: port, tls, timeZone } = config;
  const mails = { host: config.smtpHost, rate: config.mailRate, parse };
  const pair = (): Certificate | undefined => (tls === undefined ? undefined : readTls(tls));
  if (port !== undefined)
    kept.push(keepSensor(core, () => (smtp = smtpSensor({ ...mails, port, tls: pair() }))));
  if (config.tls !== undefined) engine.on("reload", () => renew(smtp, pair));
  let feed: LoopingSensor | undefined;
  const ground = { db: core.database.db, known: () => engine.inventory.known };
  kept.push(keepSensor(core, () => (feed = inventoryFeed(ground))));
  let expiry: LoopingSensor | undefined;
  kept.push(keepSensor(core, () => (expiry = inventoryExpiry({ ...ground, timeZone }))));
  let signals: LoopingSensor | undefined;
  kept.push(keepSensor(core, () => (signals = inventorySignals(ground.db))));
  const clock = { db: ground.db, inventoryOf: engine.inventoryOf };
  kept.push(keepSensor(core, () => inventoryChangeClock(clock)));
  engine.on("feed", () => {
    feed?.wake();
    signals?.wake();
    expiry?.wake();
  });
  kept.push(keepSensor(core, () => alertClock(engine.alerting.ground)));
  let timers: TimerSensor | undefined;
  const timersInUse = () => timersOf(triggersInUse(core.definitions().content));
  kept.push(
    keepSensor(core, () => (timers = timerSensor(timersInUse(), { timeZone: config.timeZone }))),
  );
  engine.on("reload", () => void timers?.setTimers(timersInUse()));
  const calendar = () => presentCalendar(core, config.timeZone);
  kept.push(keepSensor(core, () => businessTickSensor(calendar)));
  const email = core.definitions().content.packs.get("email")?.config ?? {};
  const accounts = imapAccounts(isObject(email) ? email["imap_accounts"] : undefined);
  for (const account of accounts) kept.push(keepSensor(core, () => imapSensor({ account, parse })));
  for (const make of runbookSensors(core, engine.documents)) kept.push(keepSensor(core, make));
  // The SMTP port is part of what "ready" says; mailboxes may come later.
  await Promise.all(kept.slice(0, 6).map(({ started }) => started));
  for (const { started } of kept) started.catch(() => undefined);
  const python = openPythonSensors(engine, config);
  const address = smtp?.address();
  return {
    smtp: address === undefined ? "-" : `${address.host}:${address.port}`,
    stop: async () => {
      await Promise.all([python.stop(), ...kept.map((sensor) => sensor.stop())]);
      await close();
    },
  };
}
