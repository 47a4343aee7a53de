/** `raicho user`, `raicho audit`: who may sign in, and who did what. For administrators. */
import type { Command } from "commander";
import { isObject, type JsonObject } from "../model/json.ts";
import { type Cli, CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { optionText } from "./output.ts";
import { addVerb, type Asked } from "./verb.ts";

const columns = ["name", "roles", "remote_roles", "origin", "disabled"] as const;
const own = { service: "own" } as const;

function itemsOf(page: JsonObject): readonly JsonObject[] {
  const { items } = page;
  return Array.isArray(items) ? items.filter(isObject) : [];
}

function at(name: string): string {
  return `/users/${encodeURIComponent(name)}`;
}

async function newPassword({ cli, options }: Asked, name: string): Promise<string> {
  const given = optionText(options, "password") ?? cli.environment["RAICHO_NEW_PASSWORD"];
  if (given !== undefined) return given;
  const first = await cli.terminal.ask(`New password of ${name}: `, { hidden: true });
  const second = await cli.terminal.ask("Once more: ", { hidden: true });
  if (first === second) return first;
  throw new CliError(exitCodes.failed, "the two passwords differ; nothing was changed");
}

function rolesIn({ options }: Asked): readonly string[] | undefined {
  return optionText(options, "roles")
    ?.split(",")
    .map((role) => role.trim())
    .filter((role) => role !== "");
}

const passwordOption = [
  "-p, --password <password>",
  "asked for when it is not given; better in RAICHO_NEW_PASSWORD",
] as const;
const rolesOption = ["-r, --roles <names>", "roles, separated by commas"] as const;

async function change(asked: Asked, body: JsonObject): Promise<void> {
  const [name = ""] = asked.args;
  await asked.print.one(await asked.client.object("PATCH", at(name), { ...own, body }));
}

export const setUpUser: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "list",
    summary: "List who may sign in.",
    shows: true,
    run: async ({ client, print }) =>
      print.list(itemsOf(await client.object("GET", "/users", own)), { columns }),
  });
  addVerb(command, cli, {
    usage: "get <name>",
    summary: "Show one user.",
    shows: true,
    run: async ({ args: [name = ""], client, print }) =>
      print.one(await client.object("GET", at(name), own)),
  });
  addVerb(command, cli, {
    usage: "add <name>",
    summary: "Make a user.",
    options: [passwordOption, rolesOption],
    examples: ["user add kenji --roles observer"],
    run: async (asked) => {
      const [name = ""] = asked.args;
      const password = await newPassword(asked, name);
      const body = { name, password, roles: rolesIn(asked) ?? [] };
      await asked.print.one(await asked.client.object("POST", "/users", { ...own, body }));
    },
  });
  addVerb(command, cli, {
    usage: "passwd [name]",
    summary: "Give somebody a new password; without a name, oneself.",
    options: [passwordOption],
    run: async (asked) => {
      const [name] = asked.args;
      if (name !== undefined) {
        await change(asked, { password: await newPassword(asked, name) });
        return;
      }
      const old = await cli.terminal.ask("Old password: ", { hidden: true });
      const body = { old, new: await newPassword(asked, "yours") };
      await asked.client.request("PUT", "/user/password", { ...own, body });
      asked.print.done("The password is changed; sign in again.");
    },
  });
  addRights(command, cli);
};

function addRights(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "roles <name>",
    summary: "Replace the roles that a user holds.",
    options: [rolesOption],
    examples: ["user roles kenji --roles observer,dns"],
    run: async (asked) => {
      const roles = rolesIn(asked);
      if (roles === undefined) throw new CliError(exitCodes.usage, "--roles: name the roles");
      await change(asked, { roles });
    },
  });
  for (const disabled of [true, false])
    addVerb(command, cli, {
      usage: `${disabled ? "disable" : "enable"} <name>`,
      summary: disabled ? "Let a user in no longer; sessions end." : "Let a user in again.",
      run: async (asked) => change(asked, { disabled }),
    });
  addVerb(command, cli, {
    usage: "delete <name>",
    summary: "Remove a user with all tokens and API keys.",
    run: async ({ args: [name = ""], client, print }) => {
      await client.request("DELETE", at(name), own);
      print.done(`Removed the user ${name}.`);
    },
  });
}

export const setUpAudit: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "list",
    summary: "Tell who did what, the newest first.",
    shows: true,
    options: [
      ["-u, --user <name>", "only what this user did"],
      ["--method <method>", "only this method"],
      ["--since <time>", "from this time on"],
      ["-n, --last <count>", "how many", "50"],
    ],
    run: async ({ client, options, print }) => {
      const query = {
        account: optionText(options, "user"),
        method: optionText(options, "method"),
        since: optionText(options, "since"),
        limit: optionText(options, "last"),
      };
      const page = await client.object("GET", "/audit", { ...own, query });
      await print.list(itemsOf(page), {
        columns: ["at", "account", "method", "target", "status", "address", "request_id"],
      });
    },
  });
  addVerb(command, cli, {
    usage: "verify",
    summary: "Check that the audit log is as it was written.",
    run: async ({ client, print }) => {
      const found = await client.object("GET", "/audit/verify", own);
      await print.one(found);
      if (found["intact"] !== true) cli.end(exitCodes.failed);
    },
  });
};
