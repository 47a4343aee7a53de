/** All commands. A command's file is loaded when the command is called, so that starting costs the same however many there are. */
import type { CommandSetup } from "./cli.ts";

export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  readonly group: "Server" | "Files" | "Work" | "Content" | "Inventory" | "Access";
  readonly load: () => Promise<CommandSetup>;
}

/** A new command is one entry here, and a file beside it. */
export const commandEntries: readonly CommandEntry[] = [
  {
    name: "start",
    summary: "start everything one machine needs, or one role",
    group: "Server",
    load: async () => (await import("./server.ts")).setUpStart,
  },
  {
    name: "reload",
    summary: "take up changed content, losing nothing",
    group: "Server",
    load: async () => (await import("./server.ts")).setUpReload,
  },
  {
    name: "backup",
    summary: "write database and master key to a file, while the engine works",
    group: "Server",
    load: async () => (await import("./backup.ts")).setUpBackup,
  },
  {
    name: "restore",
    summary: "read a backup into an empty data directory or database",
    group: "Server",
    load: async () => (await import("./backup.ts")).setUpRestore,
  },
  {
    name: "version",
    summary: "tell the versions of raicho and Node.js",
    group: "Server",
    load: async () => (await import("./server.ts")).setUpVersion,
  },
  {
    name: "completion",
    summary: "print a script that completes command lines in bash, zsh or fish",
    group: "Server",
    load: async () => (await import("./completion.ts")).setUpCompletion,
  },
  {
    name: "lint",
    summary: "check packs, rules and workflows, with file, line and column",
    group: "Files",
    load: async () => (await import("./lint.ts")).setUpLint,
  },
  {
    name: "init",
    summary: "make the first files of a pack, rule, workflow or action",
    group: "Files",
    load: async () => (await import("./init.ts")).setUpInit,
  },
  {
    name: "schema",
    summary: "print JSON Schemas of content files, for editors",
    group: "Files",
    load: async () => (await import("./schema.ts")).setUpSchema,
  },
  {
    name: "workflow",
    summary: "inspect or rehearse a workflow",
    group: "Files",
    load: async () => (await import("./workflow.ts")).setUpWorkflow,
  },
  {
    name: "runbook",
    summary: "check and try the documents that requests are prepared with",
    group: "Files",
    load: async () => (await import("./runbook.ts")).setUpRunbook,
  },
  {
    name: "run",
    summary: "run an action or a workflow and wait for its end",
    group: "Work",
    load: async () => (await import("./run.ts")).setUpRun,
  },
  {
    name: "execution",
    summary: "list, show, tail, run again, cancel, pause and resume executions",
    group: "Work",
    load: async () => (await import("./execution.ts")).setUpExecution,
  },
  {
    name: "inquiry",
    summary: "answer questions that workflows wait for",
    group: "Work",
    load: async () => (await import("./inquiry.ts")).setUpInquiry,
  },
  {
    name: "ticket",
    summary: "list and show tickets, and what is still to be told to their tracker",
    group: "Work",
    load: async () => (await import("./ticket.ts")).setUpTicket,
  },
  {
    name: "trace",
    summary: "follow what led to what",
    group: "Work",
    load: async () => (await import("./trace.ts")).setUpTrace,
  },
  {
    name: "rule-enforcement",
    summary: "list what rules did",
    group: "Work",
    load: async () => (await import("./resources.ts")).setUpEnforcement,
  },
  {
    name: "trigger-instance",
    summary: "list what happened, or let it happen again",
    group: "Work",
    load: async () => (await import("./resources.ts")).setUpTriggerInstance,
  },
  {
    name: "replay",
    summary: "let something happen again, or tell which rules would fire",
    group: "Work",
    load: async () => (await import("./replay.ts")).setUpReplay,
  },
  {
    name: "action",
    summary: "list, show, change and execute actions",
    group: "Content",
    load: async () => (await import("./resources.ts")).setUpAction,
  },
  {
    name: "action-alias",
    summary: "list, match and say what people say in a chat",
    group: "Content",
    load: async () => (await import("./alias.ts")).setUpAlias,
  },
  {
    name: "rule",
    summary: "list, show, change and test rules",
    group: "Content",
    load: async () => (await import("./resources.ts")).setUpRule,
  },
  {
    name: "trigger",
    summary: "list and show trigger types",
    group: "Content",
    load: async () => (await import("./resources.ts")).setUpTrigger,
  },
  {
    name: "sensor",
    summary: "list, enable and disable sensors",
    group: "Content",
    load: async () => (await import("./resources.ts")).setUpSimple("sensor"),
  },
  {
    name: "timer",
    summary: "list timers",
    group: "Content",
    load: async () => (await import("./resources.ts")).setUpSimple("timer"),
  },
  {
    name: "webhook",
    summary: "list webhooks",
    group: "Content",
    load: async () => (await import("./resources.ts")).setUpSimple("webhook"),
  },
  {
    name: "policy",
    summary: "list, show and change policies",
    group: "Content",
    load: async () => (await import("./resources.ts")).setUpPolicy,
  },
  {
    name: "policy-type",
    summary: "list types of policies",
    group: "Content",
    load: async () => (await import("./resources.ts")).setUpSimple("policy-type"),
  },
  {
    name: "runner",
    summary: "list runners",
    group: "Content",
    load: async () => (await import("./resources.ts")).setUpSimple("runner"),
  },
  {
    name: "key",
    summary: "read and write the datastore",
    group: "Content",
    load: async () => (await import("./key.ts")).setUpKey,
  },
  {
    name: "alert",
    summary: "list and silence alerts, read messages again, try parsers on files",
    group: "Work",
    load: async () => (await import("./alert.ts")).setUpAlert,
  },
  {
    name: "inventory",
    summary: "find, show and change entries of the inventory",
    group: "Inventory",
    load: async () => (await import("./inventory.ts")).setUpInventory,
  },
  {
    name: "login",
    summary: "sign in",
    group: "Access",
    load: async () => (await import("./login.ts")).setUpLogin,
  },
  {
    name: "logout",
    summary: "forget the remembered token",
    group: "Access",
    load: async () => (await import("./login.ts")).setUpLogout,
  },
  {
    name: "whoami",
    summary: "tell who the server takes you for",
    group: "Access",
    load: async () => (await import("./login.ts")).setUpWhoami,
  },
  {
    name: "auth",
    summary: "get a token",
    group: "Access",
    load: async () => (await import("./login.ts")).setUpAuth,
  },
  {
    name: "api-key",
    summary: "make, list and remove API keys",
    group: "Access",
    load: async () => (await import("./login.ts")).setUpApiKey,
  },
  {
    name: "user",
    summary: "make, change and disable users",
    group: "Access",
    load: async () => (await import("./user.ts")).setUpUser,
  },
  {
    name: "audit",
    summary: "tell who did what, and check the audit log",
    group: "Access",
    load: async () => (await import("./user.ts")).setUpAudit,
  },
  {
    name: "role",
    summary: "list roles",
    group: "Access",
    load: async () => (await import("./resources.ts")).setUpSimple("role"),
  },
  {
    name: "role-assignment",
    summary: "list who has which role",
    group: "Access",
    load: async () => (await import("./resources.ts")).setUpSimple("role-assignment"),
  },
  {
    name: "pool",
    summary: "list pools of workers, and what waits for each",
    group: "Server",
    load: async () => (await import("./pool.ts")).setUpPool,
  },
  {
    name: "service-registry",
    summary: "list live processes",
    group: "Server",
    load: async () => (await import("./service-registry.ts")).setUpServiceRegistry,
  },
  {
    name: "pack",
    summary: "install, remove, configure, check and test packs",
    group: "Content",
    load: async () => (await import("./pack.ts")).setUpPack,
  },
  {
    name: "import",
    summary: "take over a running StackStorm",
    group: "Server",
    load: async () => (await import("./import.ts")).setUpImport,
  },
];
