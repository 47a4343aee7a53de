/** Bells between processes: NOTIFY on connections of their own, coalesced, never inside a data transaction (there it serialises every commit of the
 * database). A bell may be lost; whoever listens also looks for himself now and then. */
import { passing } from "../model/crash-points.ts";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { connect } from "./database.ts";

/** `advance`: an end waits to be delivered to that workflow; `control`: that execution is to be canceled, paused or resumed; `reload`: content changed;
 * `resources`: definitions were written through the API; `sensor`: somebody wishes something of that sensor; `ticket`: a tracker has to
 * be told something; `breaker`: a rule is held off, or no more. */
export interface Bell {
  readonly kind:
    | "advance"
    | "control"
    | "reload"
    | "resources"
    | "feed"
    | "sensor"
    | "ticket"
    | "breaker";
  readonly id: string;
}

export interface Bells {
  /** Never rejects and never waits. */
  ring(bell: Bell): void;
  close(): Promise<void>;
}

const channel = "raicho_bells";

const kinds: readonly Bell["kind"][] = [
  "advance",
  "control",
  "reload",
  "resources",
  "feed",
  "sensor",
  "ticket",
  "breaker",
];

function isKind(text: string | undefined): text is Bell["kind"] {
  return kinds.some((kind) => kind === text);
}

function parse(payload: string | undefined): Bell | undefined {
  const [kind, id] = payload?.split(" ") ?? [];
  if (id === undefined || !isKind(kind)) return undefined;
  return { kind, id };
}

/** Rings for everybody who listens on this database. */
export function openBells(url: string, onBell: (bell: Bell) => void): Bells {
  const closing = new AbortController();
  const { signal: closed } = closing;
  let ringer: pg.Client | undefined;
  let listener: pg.Client | undefined;
  let sending = false;
  const waiting = new Set<string>();

  const listen = async (): Promise<void> => {
    while (!closed.aborted) {
      try {
        const client = await connect(url, "raicho bells");
        listener = client;
        const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
        client.on("notification", ({ payload }) => {
          const bell = parse(payload);
          if (bell !== undefined) onBell(bell);
        });
        await client.query(`listen ${channel}`);
        await ended;
      } catch {
        await delay(500, undefined, { ref: false });
      }
    }
  };

  const send = async (): Promise<void> => {
    sending = true;
    while (waiting.size > 0) {
      const payloads = [...waiting];
      waiting.clear();
      try {
        ringer ??= await connect(url, "raicho ringer");
        passing("bell.before-notify");
        await ringer.query("select pg_notify($1, payload) from unnest($2::text[]) as payload", [
          channel,
          payloads,
        ]);
      } catch {
        await ringer?.end().catch(() => undefined);
        ringer = undefined;
        break;
      }
    }
    sending = false;
  };

  void listen();
  return {
    ring: ({ kind, id }) => {
      waiting.add(`${kind} ${id}`);
      if (!sending && !closed.aborted) void send();
    },
    close: async () => {
      closing.abort();
      await Promise.all([
        listener?.end().catch(() => undefined),
        ringer?.end().catch(() => undefined),
      ]);
    },
  };
}
