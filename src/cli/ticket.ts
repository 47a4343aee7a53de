/** `raicho ticket`: tickets, and what is still to be told to their tracker. */
import type { CommandSetup } from "./cli.ts";
import { rowsOf, service } from "./inventory-entry.ts";
import { optionText } from "./output.ts";
import { addVerb } from "./verb.ts";

const filters = ["state", "stage", "kind", "category", "assignee", "limit"] as const;

const setUpReading: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "list",
    summary: "List tickets, the newest first.",
    shows: true,
    options: [
      ["--state <name>", "intent, created, confirmed or refused"],
      ["--stage <name>", "open, in_progress, fixed or closed"],
      ["--kind <name>", "what they are for: alert, digest, request …"],
      ["--category <name>", "of that category"],
      ["--assignee <account>", "of that person, in the tracker's words"],
      ["--waiting", "only those with something left to tell the tracker"],
      ["--limit <number>", "so many; 100 unless said"],
    ],
    run: async ({ client, options, print }) => {
      const asked = new URLSearchParams();
      for (const name of filters) {
        const value = optionText(options, name);
        if (value !== undefined) asked.set(name, value);
      }
      if (options["waiting"] === true) asked.set("waiting", "true");
      const { items } = await client.object("GET", `/tickets?${asked.toString()}`, { service });
      await print.list(rowsOf(items), {
        columns: ["id", "key", "state", "stage", "summary", "assignee", "created_at", "error"],
      });
    },
  });
  addVerb(command, cli, {
    usage: "get <ticket>",
    summary: "Show a ticket with its history, by our id (tk12) or the tracker's key.",
    shows: true,
    run: async ({ args, client, print }) => {
      const path = `/tickets/${encodeURIComponent(args[0] ?? "")}`;
      await print.one(await client.object("GET", path, { service }));
    },
  });
};

const setUpWork: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "retry <ticket>",
    summary: "Try again what the tracker refused.",
    shows: true,
    run: async ({ args, client, print }) => {
      const path = `/tickets/${encodeURIComponent(args[0] ?? "")}/retry`;
      await print.one(await client.object("POST", path, { service }));
    },
  });
  addVerb(command, cli, {
    usage: "rate <ticket> <rating>",
    summary: "Say how the work at a ticket was: 1 (bad) to 5 (good).",
    shows: true,
    options: [
      ["--minutes <number>", "what the work took"],
      ["--comment <text>", "in words"],
    ],
    run: async ({ args, client, options, print }) => {
      const [ref = "", rating] = args;
      const [minutes, comment] = [optionText(options, "minutes"), optionText(options, "comment")];
      const body = {
        rating: Number(rating),
        ...(minutes === undefined ? {} : { minutes: Number(minutes) }),
        ...(comment === undefined ? {} : { comment }),
      };
      const path = `/tickets/${encodeURIComponent(ref)}/rating`;
      await print.one(await client.object("PUT", path, { service, body }));
    },
  });
};

const setUpReport: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "report",
    summary: "Effort, ratings, counts per category and month, with advice.",
    shows: true,
    options: [
      ["--months <number>", "how many months; 12 unless said"],
      ["--split <day>", "compare what was before that day with what came after"],
    ],
    run: async ({ client, options, print }) => {
      const asked = new URLSearchParams();
      for (const name of ["months", "split"]) {
        const value = optionText(options, name);
        if (value !== undefined) asked.set(name, value);
      }
      const path = `/tickets/metrics?${asked.toString()}`;
      await print.one(await client.object("GET", path, { service }));
    },
  });
  addVerb(command, cli, {
    usage: "trackers",
    summary: "Show how the trackers are.",
    shows: true,
    options: [["--try", "ask those that were away at once"]],
    run: async ({ client, options, print }) => {
      if (options["try"] === true)
        await client.object("POST", "/tickets/trackers/try", { service });
      const { items } = await client.object("GET", "/tickets/trackers", { service });
      await print.list(rowsOf(items), {
        columns: ["name", "blocked_until", "failures", "reason", "last_key", "read_at"],
      });
    },
  });
};

export const setUpTicket: CommandSetup = (command, cli) => {
  setUpReading(command, cli);
  setUpWork(command, cli);
  setUpReport(command, cli);
};
