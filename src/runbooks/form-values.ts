/** What somebody filled in: read, checked, prefilled, and made into a ticket. Pure; throws only Unanswered. */
import { ExpressionError, type Ask } from "../expressions/context.ts";
import { runRegex } from "../expressions/python/regex.ts";
import { isDay } from "../model/day.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { inTongue } from "./catalog.ts";
import type { Tongue } from "./document.ts";
import type { FormField, RequestForm } from "./form.ts";
import { serversIn } from "./request.ts";
import { evaluate, renderText } from "./template.ts";

/** As typed, by field. */
export type Filled = Readonly<Record<string, string>>;

/** A server as the inventory knows it, or why it does not. */
export type KnownServer =
  | { readonly name: string; readonly entry: JsonObject }
  | { readonly name: string; readonly unknown: string };

export interface FormFault {
  /** Undefined: it is about the whole request. */
  readonly field: string | undefined;
  readonly message: string;
}

const said = {
  required: { ja: "入力してください", en: "Please fill this in" },
  options: { ja: "選択肢から選んでください", en: "Please choose one of the options" },
  pattern: { ja: "形式が正しくありません", en: "This is not written as expected" },
  number: { ja: "数値を入力してください", en: "Please enter a number" },
  date: { ja: "日付を 2026-11-24 の形で入力してください", en: "Please enter a day, as 2026-11-24" },
  min: { ja: "これより小さくできません: ", en: "Not less than " },
  max: { ja: "これより大きくできません: ", en: "Not more than " },
  long: { ja: "長すぎます。最大文字数: ", en: "Too long; at most this many characters: " },
  one: { ja: "サーバは一台だけ入力してください", en: "Please name one server only" },
  unknown: {
    ja: "インベントリにないサーバです: ",
    en: "The inventory does not know this server: ",
  },
} as const;

/** Names of the servers that were filled in. */
export function serversOf({ fields }: RequestForm, filled: Filled): readonly string[] {
  const names = fields
    .filter(({ type }) => type === "server" || type === "servers")
    .flatMap(({ name }) => serversIn(filled[name] ?? ""));
  return [...new Set(names)];
}

export interface Checking {
  readonly filled: Filled;
  readonly servers: readonly KnownServer[];
  readonly tongue: Tongue;
  readonly ask: Ask;
}

/** Everything that is wrong, in the order of the form. */
export function checkForm(form: RequestForm, given: Checking): readonly FormFault[] {
  const faults = form.fields.flatMap((field): FormFault[] => {
    const message = faultOf(field, given);
    return message === undefined ? [] : [{ field: field.name, message }];
  });
  if (faults.length > 0) return faults;
  return form.checks.flatMap(({ assert, field, message }): FormFault[] => {
    try {
      if (evaluate(assert, { variables: variables(form, given), ask: given.ask }) === true)
        return [];
      return [{ field, message: inTongue(message, given.tongue) }];
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return [{ field, message: `${inTongue(message, given.tongue)} (${error.message})` }];
    }
  });
}

function variables(
  form: RequestForm,
  { filled, servers }: Pick<Checking, "filled" | "servers">,
): JsonObject {
  const entries = servers.flatMap((one) => ("entry" in one ? [one.entry] : []));
  const fields = Object.fromEntries(
    form.fields.map((field) => [field.name, typed(field, filled[field.name] ?? "")]),
  );
  return { fields, servers: entries, server: entries[0] ?? null };
}

/** The value as conditions see it. */
function typed({ type }: FormField, value: string): unknown {
  if (type === "checkbox") return value !== "";
  if (type === "number") return value === "" ? null : Number(value);
  return type === "servers" ? serversIn(value) : value;
}

function faultOf(field: FormField, { filled, servers, tongue, ask }: Checking): string | undefined {
  const value = (filled[field.name] ?? "").trim();
  const { required, longest, pattern, message } = field;
  if (value === "") return required ? said.required[tongue] : undefined;
  if (value.length > longest) return `${said.long[tongue]}${longest}`;
  if (pattern !== undefined && !fits(pattern, value, ask))
    return message === undefined ? said.pattern[tongue] : inTongue(message, tongue);
  return typeFault(field, value, { servers, tongue });
}

/** Patterns that may take long are run in a child, like those of rules. */
function fits(pattern: string, subject: string, ask: Ask): boolean {
  return isObject(runRegex(ask, `(?:${pattern})\\Z`, { operation: "match", subject }));
}

function typeFault(
  field: FormField,
  value: string,
  { servers, tongue }: Pick<Checking, "servers" | "tongue">,
): string | undefined {
  switch (field.type) {
    case "choice":
      return field.options.some((option) => option.value === value)
        ? undefined
        : said.options[tongue];
    case "number":
      return numberFault(field, Number(value), tongue);
    case "date":
      return isDay(value) ? undefined : said.date[tongue];
    case "server":
    case "servers":
      return serverFault(field, serversIn(value), { servers, tongue });
    case "text":
    case "textarea":
    case "checkbox":
      return undefined;
  }
}

function numberFault({ min, max }: FormField, value: number, tongue: Tongue): string | undefined {
  if (!Number.isFinite(value)) return said.number[tongue];
  if (min !== undefined && value < min) return `${said.min[tongue]}${min}`;
  return max !== undefined && value > max ? `${said.max[tongue]}${max}` : undefined;
}

function serverFault(
  { type }: FormField,
  names: readonly string[],
  { servers, tongue }: Pick<Checking, "servers" | "tongue">,
): string | undefined {
  if (type === "server" && names.length > 1) return said.one[tongue];
  const strange = servers.flatMap((one) =>
    "unknown" in one && names.includes(one.name) ? [one.name] : [],
  );
  return strange.length === 0 ? undefined : `${said.unknown[tongue]}${strange.join(", ")}`;
}

/** Present settings of the servers that were chosen, for the fields that are still empty. */
export function prefilled(
  form: RequestForm,
  { filled, servers, ask }: Omit<Checking, "tongue">,
): Filled {
  const view = { variables: variables(form, { filled, servers }), ask };
  return Object.fromEntries(
    form.fields.flatMap(({ name, prefill }): [string, string][] => {
      if (prefill === undefined || (filled[name] ?? "") !== "") return [];
      try {
        const value = evaluate(prefill, view);
        if (value === undefined || value === null) return [];
        return [[name, typeof value === "string" ? value : JSON.stringify(value)]];
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        return [];
      }
    }),
  );
}

/** The ticket in the words of `ticket.open`. Its description lists the fields so that `fieldsIn` reads them again. */
export function ticketOf(
  form: RequestForm,
  { filled, servers, tongue, ask }: Checking,
): JsonObject {
  const view = { variables: variables(form, { filled, servers }), ask };
  const lines = form.fields.map((field) => {
    const value = (filled[field.name] ?? "").trim();
    const [first = "", ...rest] = value.split(/\r\n|\n|\r/);
    const more = rest.map((line) => `\n    ${line}`).join("");
    return `${inTongue(field.label, tongue)} (${field.name}): ${first}${more}`;
  });
  const { component, project, type, priority, labels } = form;
  return {
    summary: renderText(form.summary, view).replaceAll(/\s+/g, " ").trim(),
    description: lines.join("\n"),
    component,
    labels,
    kind: "request",
    ...(project === undefined ? {} : { project }),
    ...(type === undefined ? {} : { type }),
    ...(priority === undefined ? {} : { priority }),
  };
}
