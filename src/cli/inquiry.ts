/** `raicho inquiry`: questions that wait for people, answered in a form when there is a terminal. */
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli, type CommandSetup } from "./cli.ts";
import { optionText } from "./output.ts";
import { castBySchema } from "./parameters.ts";
import { addResource } from "./resource.ts";
import { cell } from "./table.ts";
import { addVerb, type Asked } from "./verb.ts";

interface Question {
  readonly name: string;
  readonly schema: JsonObject;
  readonly required: boolean;
}

/** The properties of an object's schema, in either way of saying what is required. */
function questionsOf(schema: JsonObject): readonly Question[] {
  const { properties, required } = schema;
  const names: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(isObject(properties) ? properties : {}).map(([name, inner]) => {
    const own = isObject(inner) ? inner : {};
    return { name, schema: own, required: names.includes(name) || own["required"] === true };
  });
}

function hintOf({ schema, required }: Question): string {
  const { type, enum: choices, default: usual } = schema;
  const parts = [
    Array.isArray(choices) ? choices.map((each) => cell(each)).join(" | ") : cell(type),
    ...(type === "boolean" ? ["y/n"] : []),
    ...(usual === undefined ? (required ? [] : ["may be empty"]) : [`default ${cell(usual)}`]),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** Why a value does not fit; undefined when it does. The server checks it again. */
function fault(
  value: unknown,
  { enum: choices, minLength, pattern }: JsonObject,
): string | undefined {
  if (Array.isArray(choices) && !choices.includes(value))
    return `choose one of ${choices.map((each) => cell(each)).join(", ")}`;
  if (typeof value !== "string") return undefined;
  if (typeof minLength === "number" && value.length < minLength)
    return `at least ${minLength} characters`;
  if (typeof pattern === "string" && !new RegExp(pattern, "u").test(value))
    return `it must fit ${pattern}`;
  return undefined;
}

async function askOne(cli: Cli, question: Question): Promise<unknown> {
  const { name, schema, required } = question;
  const { description, secret, default: usual } = schema;
  if (typeof description === "string") cli.terminal.note(`${cell(description)}\n`);
  for (;;) {
    const text = await cli.terminal.ask(`${cell(name)} (${hintOf(question)}): `, {
      hidden: secret === true,
    });
    if (text === "" && usual !== undefined) return usual;
    if (text === "" && !required) return undefined;
    try {
      if (text === "") throw new CliError(exitCodes.usage, "an answer is needed");
      const value = castBySchema(name, text, schema);
      const wrong = fault(value, schema);
      if (wrong === undefined) return value;
      cli.terminal.note(`  ${wrong}\n`);
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== exitCodes.usage) throw error;
      cli.terminal.note(`  ${error.message}\n`);
    }
  }
}

async function askAll(cli: Cli, schema: JsonObject): Promise<JsonObject> {
  const answers: Record<string, unknown> = {};
  for (const question of questionsOf(schema)) {
    const value = await askOne(cli, question);
    if (value !== undefined) answers[question.name] = value;
  }
  return answers;
}

function parseResponse(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw new CliError(exitCodes.usage, `--response ${text}: expected a JSON object`);
}

async function respond({ args: [id = ""], client, options, cli, print }: Asked): Promise<void> {
  const path = `/inquiries/${encodeURIComponent(id)}`;
  const text = optionText(options, "response");
  const given = text === undefined ? undefined : parseResponse(text);
  if (given === undefined && !cli.terminal.interactive)
    throw new CliError(
      exitCodes.usage,
      `nobody can be asked here: give --response '{"name": value}'`,
    );
  const schema = given === undefined ? (await client.object("GET", path))["schema"] : undefined;
  const response = given ?? (await askAll(cli, isObject(schema) ? schema : {}));
  const answer = await client.object("PUT", path, { body: { id, response } });
  await print.one(answer);
  print.done(`\nThe response was taken; the workflow goes on.`);
}

export const setUpInquiry: CommandSetup = (command, cli) => {
  addResource(command, cli, {
    noun: "inquiry",
    plural: "inquiries",
    path: "/inquiries",
    key: "id",
    columns: ["id", "roles", "users", "route", "ttl"],
    verbs: ["list", "get"],
  });
  addVerb(command, cli, {
    usage: "respond <id>",
    summary: "Answer a question; in a form, or with a JSON object.",
    options: [["-r, --response <json>", "the answer"]],
    examples: ["inquiry respond 674d…", `inquiry respond 674d… -r '{"approved": true}'`],
    run: respond,
  });
};
