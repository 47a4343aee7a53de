/** What the routes may use. Handed in by the composition root. */
import type { Core } from "../engine/core.ts";
import type { Alerts } from "../engine/alerts.ts";
import type { User } from "../engine/auth.ts";
import type { Issuer, SignInSettings } from "../model/sign-in.ts";
import type { AuditLog } from "../engine/audit.ts";
import type { HookBook } from "../engine/hook-book.ts";
import type { Intake } from "./intake.ts";
import type { Metrics } from "./metrics.ts";
import type { LoginDesk } from "../engine/login.ts";
import type { RunbookBook } from "../engine/runbook-book.ts";
import type { RoleBook } from "../engine/role-book.ts";
import type { TypeFiles } from "../engine/inventory-type-editing.ts";
import type { Resources } from "../engine/resources.ts";
import type { Datastore } from "../engine/datastore.ts";
import type { JsonObject } from "../model/json.ts";
import type { Content } from "../model/definitions.ts";
import type { PackIndexView } from "./pack-installs.ts";

export interface Door {
  readonly core: Core;
  readonly alerts: Alerts;
  readonly datastore: Datastore;
  readonly book: RoleBook;
  readonly desk: LoginDesk;
  /** Documents in git. */
  readonly documents: RunbookBook;
  readonly hooks: HookBook;
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  readonly intake: Intake;
  readonly version: string;
  readonly signIn: SignInSettings;
  /** Where browsers sign in, if anywhere but here. */
  readonly issuer: Issuer | undefined;
  /** The user of a token or API key. */
  authenticate(secret: string): Promise<User | undefined>;
  /** False: everybody is admin (loopback only). */
  readonly auth: boolean;
  /** Origins of pages that may use the API in a browser, besides its own. */
  readonly allowOrigins: readonly string[];
  /** Seconds a token lives when the client does not say. */
  readonly tokenTtl: number;
  /** Whether events that do not fit the schema of their trigger type are refused. */
  readonly validatePayloads: boolean;
  /** Urls of webhooks that some rule listens to. */
  webhooks(): ReadonlySet<string>;
  /** Definitions written through the API. */
  readonly resources: Resources;
  /** Where types of the inventory are written. */
  readonly typeFiles?: TypeFiles;
  /** Replaces a pack's configuration: its file is written, and taken up. */
  writeConfig(pack: string, values: JsonObject): Promise<void>;
  /** The file of a pack's configuration. */
  configFile(pack: string): string;
  /** Where a pack of that name would be installed. */
  packDirectory(pack: string): string;
  /** Takes up changes on disk; says what it found. */
  reload(): Promise<{ readonly problems: readonly string[]; readonly content: Content }>;
  /** What the indexes of packs list, read lately. */
  packIndex(): Promise<PackIndexView>;
  /** Undefined when work can be taken; else what is missing. */
  notReady(): Promise<string | undefined>;
}
