/** The door over a test engine, listening on a free port. */
import { createHash } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeDoor } from "../../src/api/app.ts";
import type { InventoryViews } from "../../src/api/inventory-view.ts";
import type { Inventory } from "../../src/engine/inventory.ts";
import { AppError } from "../../src/model/errors.ts";
import type { Door } from "../../src/api/door.ts";
import type { User } from "../../src/engine/auth.ts";
import { compileAlertPolicies } from "../../src/alerts/policy.ts";
import { Alerts } from "../../src/engine/alerts.ts";
import { datastore } from "../../src/engine/datastore.ts";
import { Intake } from "../../src/api/intake.ts";
import { Metrics } from "../../src/api/metrics.ts";
import { AuditLog } from "../../src/engine/audit.ts";
import { HookBook } from "../../src/engine/hook-book.ts";
import { LoginDesk } from "../../src/engine/login.ts";
import { defaultSignIn } from "../../src/model/sign-in.ts";
import { RunbookBook } from "../../src/engine/runbook-book.ts";
import { RoleBook } from "../../src/engine/role-book.ts";
import type { Database } from "../../src/store/database.ts";
import type { Core } from "../../src/engine/core.ts";

export interface TestDoor {
  readonly url: string;
  readonly handler: RequestListener;
  close(): void;
}

export function listenAt(handler: RequestListener): {
  readonly server: Server;
  readonly url: string;
} {
  const server = createServer(handler).listen(0);
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}` };
}

/** With `users` (by token) there is authentication, else everybody is admin. Secrets are only marked, not sealed. */
export function testDoor(core: Core, users?: ReadonlyMap<string, User>): TestDoor {
  const handler = makeDoor(doorOf(core, users), emptyInventory);
  const { server, url } = listenAt(handler);
  return {
    url,
    handler,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function nothingThere(): never {
  throw new AppError("INVENTORY_ENTRY_UNKNOWN", ["of that id"]);
}

/** These tests ask nothing of the inventory: nothing is found there. */
const empty = new Proxy({} as Inventory, {
  // A promise that it is awaited like a value that has no `then`.
  get: (_, name) =>
    name === "ground" ? nothingThere() : name === "then" ? undefined : nothingThere,
});
export const emptyInventory: InventoryViews = {
  as: () => Promise.resolve(empty),
  granted: () => Promise.resolve("everything"),
  named: () => Promise.resolve(undefined),
};

/** No roles but those of the system and of the API. */
export function emptyBook(database: Database): RoleBook {
  return new RoleBook(database, () => ({
    roles: [],
    assignments: [],
    mappings: [],
    problems: [],
  }));
}

/** Alerts of a site without parsers, policies and inventory. */
function alertsOf(database: Database): Alerts {
  return new Alerts(
    {
      database,
      timeZone: "Asia/Tokyo",
      parsers: () => [],
      policies: () => compileAlertPolicies([]).policies,
      place: () => Promise.resolve({ entity: null, responsible: null, planned: [] }),
      ingest: () => Promise.resolve(),
    },
    () => Promise.reject(new Error("no mails here")),
  );
}

/** The parts of that door. */
export function doorOf(core: Core, users?: ReadonlyMap<string, User>): Door {
  const vault = {
    seal: (value: string, place: string) => `${place}#${Buffer.from(value).toString("base64")}`,
    open: (sealed: string, place: string) => {
      if (!sealed.startsWith(`${place}#`)) throw new Error("sealed for another place");
      return Buffer.from(sealed.slice(place.length + 1), "base64").toString();
    },
    derive: (purpose: string) => createHash("sha256").update(purpose).digest(),
  };
  const book = emptyBook(core.database);
  const store = datastore(core.database, vault);
  return {
    core,
    alerts: alertsOf(core.database),
    book,
    documents: new RunbookBook(() => core, join(tmpdir(), "raicho-documents")),
    hooks: new HookBook({
      database: core.database,
      datastore: store,
      files: () => [],
      log: core.log,
    }),
    audit: new AuditLog(core.database, core.log),
    metrics: new Metrics(),
    intake: new Intake(),
    version: "0.0.0",
    desk: new LoginDesk(core.database, book),
    signIn: defaultSignIn,
    issuer: undefined,
    datastore: store,
    authenticate: (token) => Promise.resolve(users?.get(token)),
    auth: users !== undefined,
    allowOrigins: [],
    tokenTtl: 60,
    validatePayloads: true,
    webhooks: () => new Set(),
    writeConfig: () => Promise.reject(new Error("these tests write no configuration")),
    packDirectory: (pack) => `/nowhere/${pack}`,
    configFile: (pack) => `/nowhere/${pack}.yaml`,
    resources: {
      put: () => Promise.reject(new Error("these tests write no definitions")),
      remove: () => Promise.reject(new Error("these tests write no definitions")),
    },
    reload: () => Promise.resolve({ problems: [], content: core.definitions().content }),
    packIndex: () => Promise.resolve({ packs: new Map(), status: [] }),
    notReady: () => Promise.resolve(undefined),
  };
}
