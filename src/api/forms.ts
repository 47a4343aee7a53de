/** `/api/v2/forms`: request forms for programs, and for the script of their pages. */
import { randomUUID } from "node:crypto";
import type { Request, Response } from "express";
import {
  formNamed,
  presentForms,
  prefillForm,
  serverOptions,
  submitForm,
  type FormGround,
} from "../engine/forms.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { FormField, RequestForm } from "../runbooks/form.ts";
import { bodyOf } from "./bodies.ts";
import type { Door } from "./door.ts";
import { fieldsOf, filledIn, ticketSoon } from "./form-requests.ts";
import { userOf } from "./guard.ts";
import { lentInventory } from "./inventory-view.ts";
import { tongueOf } from "./page.ts";
import { refusal, text } from "./query.ts";
import { Routes } from "./routes.ts";

function fieldView({ pattern, prefill, min, max, ...field }: FormField): JsonObject {
  return {
    ...field,
    pattern: pattern ?? null,
    prefill: prefill !== undefined,
    min: min ?? null,
    max: max ?? null,
    help: field.help ?? null,
    message: field.message ?? null,
  };
}

function formView({ name, pack, label, description, component, fields }: RequestForm): JsonObject {
  return {
    name,
    pack,
    label,
    description: description ?? null,
    component,
    fields: fields.map(fieldView),
  };
}

/** The inventory as the caller sees it. */
export async function groundOf(
  { core }: Pick<Door, "core">,
  response: Response,
): Promise<FormGround> {
  return { core, inventory: await lentInventory(response) };
}

const body = {
  type: "object",
  properties: {
    fields: { type: "object", description: "Values by the names of fields." },
    submission: { type: "string", description: "The same submission makes one ticket." },
  },
  required: ["fields"],
} as const;

/** Below `/api/v2`. */
export function formRoutes(door: Pick<Door, "core">): Routes {
  const { core } = door;
  const router = new Routes();
  const named = (request: Request<{ form: string }>): RequestForm =>
    formNamed(core, request.params.form);
  router.about({ summary: "Request forms" });
  router.get("/forms", "form_list", (_request, response) => {
    response.json({ items: [...presentForms(core).values()].map(formView) });
  });
  router.about({ summary: "A request form" });
  router.get("/forms/:form", "form_view", (request, response) => {
    response.json(formView(named(request)));
  });
  router.about({ summary: "Names of servers", query: { q: "words that the names hold" } });
  router.get("/forms/:form/servers", "form_view", async (request, response) => {
    named(request);
    const ground = await groundOf(door, response);
    response.json({ servers: await serverOptions(ground, text(request.query["q"]) ?? "") });
  });
  router.about({ summary: "Present settings of the servers that are filled in" });
  router.get("/forms/:form/prefill", "form_view", async (request, response) => {
    const form = named(request);
    const filled = filledIn(form, request.query);
    response.json({ fields: await prefillForm(await groundOf(door, response), form, filled) });
  });
  router.about({ summary: "Send in a request", body });
  router.post("/forms/:form", "form_submit", async (request, response) => {
    const form = named(request);
    const given = bodyOf(request);
    if (!isObject(given["fields"])) throw refusal("fields is missing; expected values by name");
    const { submission } = given;
    if (
      submission !== undefined &&
      (typeof submission !== "string" || !/^[\w.:-]{1,100}$/.test(submission))
    )
      throw refusal("submission: expected up to 100 letters, digits, _ . : and -");
    const strange = Object.keys(given["fields"]).filter(
      (name) => !form.fields.some((field) => field.name === name),
    );
    if (strange.length > 0)
      throw refusal(`there is no field ${strange.join(", ")} in ${form.name}`);
    const end = await submitForm(await groundOf(door, response), form, {
      filled: filledIn(form, fieldsOf(given)),
      tongue: tongueOf(request),
      user: userOf(response).name,
      id: typeof submission === "string" ? submission : randomUUID(),
    });
    if ("faults" in end) return void response.status(422).json({ errors: end.faults });
    return void response.status(201).json({ ...end, ticket: await ticketSoon(core, end.key) });
  });
  return router;
}
