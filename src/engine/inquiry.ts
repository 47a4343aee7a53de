/** `core.ask`: a question to people, as StackStorm's inquirer. */
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { schemaFault } from "../expressions/parameter-schema.ts";
import type { Runner } from "../runners/runner.ts";

const continueSchema = {
  title: "response_data",
  type: "object",
  properties: {
    continue: {
      type: "boolean",
      description: "Would you like to continue the workflow?",
      required: true,
    },
  },
} as const;

/** Ends as `pending`; the engine's `answerInquiry` makes it succeed. */
export const inquirerRunner: Runner = {
  name: "inquirer",
  aliases: [],
  description: "A runner for asking users for a response.",
  parameters: {
    schema: {
      type: "object",
      description: "The schema of the response.",
      default: continueSchema,
      required: true,
    },
    route: {
      type: "string",
      description: "Route for the trigger core.st2.generic.inquiry.",
      default: "",
      required: false,
    },
    roles: { type: "array", description: "Roles that may answer.", default: [], required: false },
    users: { type: "array", description: "Users that may answer.", default: [], required: false },
    ttl: {
      type: "integer",
      description: "Minutes until the inquiry times out; 0 = never.",
      default: 1440,
      required: true,
    },
  },
  outputKey: undefined,
  onWorkerLost: "rerun",
  run: ({ parameters: { schema, roles, users, route, ttl } }) =>
    Promise.resolve({ status: "pending", result: { schema, roles, users, route, ttl } }),
};

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

/** Where users and roles are named, both have to fit, as in StackStorm. Throws AppError when that user may not answer or the answer does not fit the question's schema. */
export function checkAnswer(
  id: string,
  asked: JsonObject,
  response: unknown,
  user: { readonly name: string; readonly roles: readonly string[] },
): void {
  const users = names(asked["users"]);
  const roles = names(asked["roles"]);
  const named = users.length === 0 || users.includes(user.name);
  const fitting = roles.length === 0 || user.roles.some((role) => roles.includes(role));
  if (!named || !fitting) throw new AppError("INQUIRY_FORBIDDEN", [user.name, id]);
  const schema = isObject(asked["schema"]) ? asked["schema"] : continueSchema;
  const fault = schemaFault(response, schema);
  if (fault !== undefined) throw new AppError("INQUIRY_RESPONSE_INVALID", [id, fault.text]);
}
