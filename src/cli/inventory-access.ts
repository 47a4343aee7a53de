/** `raicho inventory access`. */
import type { Command } from "commander";
import type { JsonObject } from "../model/json.ts";
import type { Cli } from "./cli.ts";
import { rowsOf, service, typeNames, uuid } from "./inventory-entry.ts";
import { formatOf, optionText } from "./output.ts";
import { addVerb, type Asked } from "./verb.ts";

/** A type and an entry, or the id of an entry alone. */
function askedAbout([first, second]: readonly string[]): Readonly<Record<string, string>> {
  if (first === undefined) return {};
  if (second !== undefined) return { type: first, entry: second };
  return uuid.test(first) ? { entry: first } : { type: first };
}

function sentence(answer: JsonObject): string {
  const { user, unlimited, roles } = answer;
  const held = Array.isArray(roles) && roles.length > 0 ? roles.join(", ") : "no role";
  return typeof unlimited === "string"
    ? `Nothing limits ${String(user)}: ${unlimited}.`
    : `${String(user)} has ${held}.`;
}

async function access({ args, client, options, print, cli }: Asked): Promise<void> {
  const [attribute, user] = [optionText(options, "attribute"), optionText(options, "user")];
  const asked = {
    ...askedAbout(args),
    ...(attribute === undefined ? {} : { attribute }),
    ...(user === undefined ? {} : { user }),
  };
  const path = `/inventory/access?${new URLSearchParams(asked).toString()}`;
  const answer = await client.object("GET", path, { service });
  if (formatOf(options) !== "table") return print.one(answer);
  cli.terminal.write(`${sentence(answer)}\n`);
  const verbs = rowsOf(answer["verbs"]);
  const types = rowsOf(answer["types"]).map(({ type, verbs: of }) => ({
    type,
    ...Object.fromEntries(rowsOf(of).map(({ verb, allowed }) => [String(verb), allowed])),
  }));
  if (verbs.length > 0)
    await print.list(verbs, { columns: ["verb", "allowed", "attributes", "by", "why"] });
  else
    await print.list(types, {
      columns: ["type", "read", "write", "create", "delete", "export", "approve"],
      nothing: "No type of the inventory may be seen",
    });
  const grants = rowsOf(answer["grants"]);
  if (grants.length === 0) return;
  await print.list(grants, {
    columns: ["grant", "role", "from", "types", "may", "where", "entries", "applies", "why"],
  });
}

export function addAccessVerbs(command: Command, cli: Cli): void {
  addVerb(command, cli, {
    usage: "access [type-or-id] [entry]",
    summary: "Explain what one may do, and which grant of which role allows or refuses it.",
    shows: true,
    options: [
      ["--attribute <name>", "with that attribute"],
      ["--user <name>", "somebody else, for administrators"],
    ],
    names: typeNames,
    examples: [
      "inventory access",
      "inventory access Device web012 --attribute serial",
      "inventory access Device --user sato",
    ],
    run: access,
  });
}
