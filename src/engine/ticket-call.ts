/** Reading the parameters of ticket actions. */
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { adoptTicket, ticketById, ticketByRemoteKey, type TicketRow } from "../store/tickets.ts";
import type { Db } from "../store/schema.ts";
import type { Language } from "../tickets/settings.ts";
import { numberOf } from "./ticket-view.ts";

/** A text that is there and not empty. */
export function text(parameters: JsonObject, name: string): string | undefined {
  const value = parameters[name];
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What people read in tickets: one text, or one for each language. */
const spoken = ["summary", "description", "text"];

/** The parameters with each text in the language of the configuration; what is given in another language only stays in that. */
export function inLanguage(parameters: JsonObject, language: Language): JsonObject {
  const said = spoken.flatMap((name): [string, string][] => {
    const given = parameters[name];
    if (!isObject(given)) return [];
    const found = text(given, language) ?? text(given, "en") ?? text(given, "ja");
    if (found === undefined)
      throw new AppError("TICKET_REQUEST", [
        `${name}: a text, or {ja: …, en: …} with one for each language`,
      ]);
    return [[name, found]];
  });
  return said.length === 0 ? parameters : { ...parameters, ...Object.fromEntries(said) };
}

export function texts(parameters: JsonObject, name: string): readonly string[] {
  const value: unknown = parameters[name];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((one) =>
    typeof one === "string" || typeof one === "number" ? (one === "" ? [] : [String(one)]) : [],
  );
}

export function objectIn(parameters: JsonObject, name: string): JsonObject {
  const value = parameters[name];
  return isObject(value) ? value : {};
}

/** The ticket that `ref` names: ours (`tk12`), or the tracker's key, known from now on if it was not. Throws when there is no such ticket of ours. */
export async function ticketMeant(db: Db, backend: string, ref: string): Promise<TicketRow> {
  const id = numberOf(ref);
  if (id === undefined) return adoptTicket(db, { backend, remoteKey: ref });
  const row = await ticketById(db, id);
  if (row === undefined) throw new AppError("TICKET_UNKNOWN", [ref]);
  return row;
}

/** The same without taking it in. */
export async function ticketKnown(
  db: Db,
  backend: string,
  ref: string,
): Promise<TicketRow | undefined> {
  const id = numberOf(ref);
  return id === undefined ? ticketByRemoteKey(db, backend, ref) : ticketById(db, id);
}
