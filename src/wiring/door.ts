/** The door of a process: what its routes may use, and where it listens. */
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { join } from "node:path";
import { makeDoor } from "../api/app.ts";
import type { Door } from "../api/door.ts";
import { Intake } from "../api/intake.ts";
import { Metrics, processReadings } from "../api/metrics.ts";
import { ledgerReadings } from "../api/readings.ts";
import { readWebhooks } from "../content/webhooks.ts";
import { AuditLog } from "../engine/audit.ts";
import { HookBook, type HookFile, hookFrom } from "../engine/hook-book.ts";
import { asService } from "../api/ports.ts";
import { type Config } from "../config.ts";
import { ConfigError, readTls } from "../config-values.ts";
import { writeConfig } from "../content/write-config.ts";
import { authenticator } from "../engine/auth.ts";
import { LoginDesk } from "../engine/login.ts";
import { ldapDirectory } from "../identity/ldap.ts";
import { oidcIssuer } from "../identity/oidc.ts";
import type { Directory } from "../model/sign-in.ts";
import { readSignIn } from "../content/sign-in.ts";
import { AppError } from "../model/errors.ts";
import { configFile } from "./content.ts";
import type { EngineProcess } from "./engine.ts";
import { say } from "./log.ts";
import { typeFiles } from "./type-files.ts";
import { packIndexOf } from "./packs.ts";

/** How long the door waits for the database to say who is calling. */
const answerMs = 4_000;

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export type DoorServer = Server | TlsServer;

/** Certificates are renewed while the door is open: `reload` takes the files as they are then. */
function serverOf(door: RequestListener, { tls }: Config, on: EngineProcess["on"]): DoorServer {
  if (tls === undefined) return createServer(door);
  const server = createTlsServer(readTls(tls), door);
  on("reload", () => {
    try {
      server.setSecureContext(readTls(tls));
    } catch (error) {
      say("warn", "the certificate could not be read again; the last one stays", {
        reason: text(error),
      });
    }
  });
  return server;
}

function listen(server: DoorServer, { host, port, tls }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "is taken by another program" : error.message;
      reject(
        new ConfigError(`RAICHO_PORT: ${host}:${port} ${why}; set RAICHO_PORT to a free port`),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(
        `${tls === undefined ? "http" : "https"}://${host}:${typeof address === "object" && address !== null ? address.port : port}`,
      );
    });
  });
}

/** A database that hangs must not make callers hang. */
function soon<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new AppError("LEDGER_DOWN", ["the database does not answer"])),
      answerMs,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Which services know people. Rejects when the file is wrong: nobody is let in by half of it. */
async function openSignIn({
  authFile,
}: Config): Promise<
  Pick<Door, "signIn" | "issuer"> & { readonly directory: Directory | undefined }
> {
  const { settings, problems } = await readSignIn(authFile);
  const [problem] = problems;
  if (problem !== undefined)
    throw new ConfigError(`${problem.file}:${problem.line}:${problem.column} ${problem.message}`);
  const { ldap, oidc } = settings;
  return {
    signIn: settings,
    issuer: oidc === undefined ? undefined : oidcIssuer(oidc),
    directory: ldap === undefined ? undefined : ldapDirectory(ldap),
  };
}

async function doorOf(engine: EngineProcess, config: Config): Promise<Door> {
  const { book, core, datastore, definitions, reload, resources } = engine;
  const { directory, ...signing } = await openSignIn(config);
  const metrics = new Metrics();
  metrics.reading(...processReadings(), ...ledgerReadings(core, version()));
  const authenticate = authenticator(core, book);
  return {
    core,
    alerts: engine.alerting.alerts,
    datastore,
    book,
    desk: new LoginDesk(core.database, book, () => directory),
    ...signing,
    documents: engine.documents,
    hooks: await openHooks(engine, config),
    audit: new AuditLog(core.database, say),
    metrics,
    intake: new Intake({ rate: config.webhookRate }),
    version: version(),
    auth: config.auth,
    allowOrigins: config.allowOrigins,
    tokenTtl: 86_400,
    authenticate: (secret) => soon(authenticate(secret)),
    validatePayloads: config.validatePayloads,
    webhooks: () => definitions().webhooks,
    resources,
    configFile: (pack) => configFile(config, pack),
    packDirectory: (pack) => join(config.home, "packs", pack),
    typeFiles: typeFiles(config, {
      declarations: () => definitions().types,
      reload: async () => {
        await reload({ forget: false });
        core.bells.ring({ kind: "reload", id: core.process });
      },
    }),
    writeConfig: async (pack, values) => {
      await writeConfig(configFile(config, pack), values);
      await reload({ forget: false });
      core.bells.ring({ kind: "reload", id: core.process });
    },
    reload: async () => {
      const { problems } = await reload({ forget: true });
      core.bells.ring({ kind: "reload", id: core.process });
      return { problems, content: definitions().content };
    },
    packIndex: packIndexOf(config),
    notReady: async () => {
      if (!core.pump.healthy()) return "the database cannot be reached";
      const look = core.database.db.selectFrom("setting").select("name").limit(1).execute();
      return soon(look).then(
        () => undefined,
        (error: unknown) => `the database cannot be reached: ${text(error)}`,
      );
    },
  };
}

/** Webhooks of files, read again with the content; and those of the API. */
async function openHooks(
  { database, datastore, on }: Pick<EngineProcess, "database" | "datastore" | "on">,
  { webhooks }: Config,
): Promise<HookBook> {
  const read = async (): Promise<readonly HookFile[]> => {
    const { hooks, problems } = await readWebhooks(webhooks, hookFrom);
    for (const { severity, file, line, column, message } of problems)
      say("warn", "webhooks", { problem: `${severity}: ${file}:${line}:${column} ${message}` });
    return hooks;
  };
  let files = await read();
  const book = new HookBook({ database, datastore, files: () => files, log: say });
  await book.refresh();
  const again = async (): Promise<void> => {
    files = await read();
    await book.refresh();
  };
  on("reload", () => void again().catch(sayFailure));
  return book;
}

function sayFailure(error: unknown): void {
  say("warn", "the settings of webhooks could not be read again", { reason: text(error) });
}

/** From package.json, which lies beside src/ and beside dist/. */
function version(): string {
  const packageFile = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return /"version": "([^"]+)"/.exec(packageFile)?.[1] ?? "unknown";
}

/** The door, and StackStorm's ports for tokens and streams where they are wanted. */
export async function openDoor(
  engine: EngineProcess,
  config: Config,
): Promise<{
  readonly http: string;
  readonly servers: readonly DoorServer[];
  /** Resolves when the audit log is written. */
  readonly settled: () => Promise<void>;
}> {
  const parts = await doorOf(engine, config);
  const door = makeDoor(parts, engine.viewers);
  const first = serverOf(door, config, engine.on);
  const servers = [first];
  const http = await listen(first, config);
  const { st2Ports: ports } = config;
  if (config.tls !== undefined) {
    const local = createServer(door);
    await listen(local, { ...config, host: "127.0.0.1", port: config.localPort, tls: undefined });
    servers.push(local);
  }
  const settled = (): Promise<void> => parts.audit.settled();
  if (ports === undefined) return { http, servers, settled };
  for (const service of ["auth", "stream"] as const) {
    const server = serverOf(asService(door, service), config, engine.on);
    await listen(server, { ...config, port: ports[service] });
    servers.push(server);
  }
  return { http, servers, settled };
}
