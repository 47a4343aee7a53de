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
    name: "version",
    summary: "tell the versions of raicho and Node.js",
    group: "Server",
    load: async () => (await import("./server.ts")).setUpVersion,
  },
  {
    name: "lint",
    summary: "check packs, rules and workflows, with file, line and column",
    group: "Files",
    load: async () => (await import("./lint.ts")).setUpLint,
  },
  {
    name: "workflow",
    summary: "inspect or rehearse a workflow",
    group: "Files",
    load: async () => (await import("./workflow.ts")).setUpWorkflow,
  },
];
