/** What the recording leaves out, asked before a recorded request: the state it was asked in. */
import { isObject } from "../../src/model/json.ts";

export interface Asked {
  readonly status: number;
  readonly body: unknown;
}
/** Asks the running Raicho, beside the recorded requests. */
type Ask = (method: string, path: string, body?: unknown) => Promise<Asked>;

interface Step {
  before(ask: Ask, path: string): Promise<Readonly<Record<string, string>> | void>;
  after?(ask: Ask): Promise<unknown>;
}

export async function until(ask: Ask, path: string, status: string): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    const { body } = await ask("GET", path);
    if ((isObject(body) && body["status"] === status) || performance.now() > end) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function enableAlias(ask: Ask, enabled: boolean): Promise<void> {
  const path = "/actionalias/default.probe_al";
  const { body } = await ask("GET", path);
  if (isObject(body)) await ask("PUT", path, { ...body, enabled });
}

const removedBefore: Step = {
  before: async (ask, path) => void (await ask("DELETE", path)),
};

/** By `area/name`. */
export const steps: Readonly<Record<string, Step>> = {
  "actions/del.again": removedBefore,
  // The recording did not get as far as having one.
  "actions/del.clone": removedBefore,
  "keys/del.again": removedBefore,
  "executions/cancel": {
    before: (ask, path) => until(ask, path, "running"),
  },
  "aliases/match.disabled": {
    before: (ask) => enableAlias(ask, false),
    after: (ask) => enableAlias(ask, true),
  },
  "keys/get.secret": {
    before: async (ask) =>
      void (await ask("PUT", "/keys/peer3", { name: "peer3", secret: true, value: "s3cret" })),
  },
  "apikeys/use.disabled": {
    before: async (ask) => {
      const { body } = await ask("POST", "/apikeys", { enabled: false });
      return { "st2-api-key": String(isObject(body) ? body["key"] : "") };
    },
  },
  "workflows/resume": {
    before: async (ask, path) => {
      await until(ask, path, "running");
      await ask("PUT", path, { status: "pausing" });
      await ask("POST", "/executions", {
        action: "core.local",
        parameters: { cmd: "rm -f <pausefile>" },
      });
      await until(ask, path, "paused");
    },
  },
};
