/** Writing `/triggers`: a trigger that is looked for though no rule listens to it (a webhook whose deliveries are kept, a timer), under a name of its own. */
import type { Response } from "express";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { bodyOf, textOr } from "./bodies.ts";
import { assertFits, triggerSchema } from "./definition-schemas.ts";
import type { Door } from "./door.ts";
import { refusal } from "./query.ts";
import type { Routes } from "./routes.ts";
import { allTriggers, namedId, triggerTypeOf, triggerView } from "./trigger-view.ts";

interface Written {
  readonly pack: string;
  readonly name: string;
  readonly document: JsonObject;
}

/** What a body says of a trigger; one without a name is called as a rule's would be. Throws what is wrong with it. */
function writtenIn(door: Door, body: JsonObject): Written {
  assertFits(body, triggerSchema);
  const { type: given, description } = body;
  const type = String(given);
  const parameters = isObject(body["parameters"]) ? body["parameters"] : {};
  const known = triggerTypeOf(door.core.definitions().content, type);
  if (known === undefined) throw refusal(`Trigger type "${type}" cannot be found.`);
  const schema = known["parameters_schema"];
  if (isObject(schema)) assertFits(parameters, schema, "whole");
  const pack = textOr(body, "pack", "default");
  const name = textOr(body, "name", String(triggerView(type, parameters)["name"]));
  const said = typeof description === "string" ? { description } : {};
  return { pack, name, document: { type, parameters, ...said } };
}

async function put(door: Door, written: Written, how: "create" | "change"): Promise<JsonObject> {
  const { pack, name, document } = written;
  await door.resources.put(
    { kind: "trigger", pack, name, document: { pack, name, ...document } },
    how,
  );
  return shownAs(door, `${pack}.${name}`) ?? {};
}

function shownAs({ core }: Door, ref: string): JsonObject | undefined {
  return allTriggers(core.definitions().content).find((each) => each["ref"] === ref);
}

/** The pack and name of what a client made. Throws for what follows from rules and types. */
function madeOf({ core }: Door, id: string): { readonly pack: string; readonly name: string } {
  const { content } = core.definitions();
  const made = [...content.triggers.values()].find((each) => namedId(each) === id);
  if (made !== undefined) return made;
  const there = allTriggers(content).find((each) => each["id"] === id);
  if (there === undefined)
    throw new AppError("NOT_FOUND", [`Unable to identify resource with id "${id}".`]);
  throw refusal(
    `Trigger "${String(there["ref"])}" belongs to the rules or the trigger type that need it, and changes with them.`,
  );
}

async function change(door: Door, id: string, body: JsonObject, response: Response): Promise<void> {
  const before = madeOf(door, id);
  const written = writtenIn(door, { pack: before.pack, name: before.name, ...body });
  const renamed = written.pack !== before.pack || written.name !== before.name;
  const shown = await put(door, written, renamed ? "create" : "change");
  if (renamed)
    await door.resources.remove({ kind: "trigger", pack: before.pack, name: before.name });
  response.json(shown);
}

/** `POST /triggers` (one of that name stays as it is), `PUT` and `DELETE` of those that were made so. */
export function triggerWriting(door: Door, router: Routes): void {
  router.post("/triggers", "trigger_all", async (request, response) => {
    const written = writtenIn(door, bodyOf(request));
    const there = shownAs(door, `${written.pack}.${written.name}`);
    response.status(201).json(there ?? (await put(door, written, "create")));
  });
  router.put("/triggers/:id", "trigger_all", (request, response) =>
    change(door, request.params.id, bodyOf(request), response),
  );
  router.delete("/triggers/:id", "trigger_all", async (request, response) => {
    const { pack, name } = madeOf(door, request.params.id);
    await door.resources.remove({ kind: "trigger", pack, name });
    response.status(204).end();
  });
}
