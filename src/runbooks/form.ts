/** Request forms: what is asked, how it is checked, and the ticket that comes of it. Files are checked by content/forms.ts before. */
import type { DeclarationFile } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Bilingual } from "./catalog.ts";

export const fieldTypes = [
  "text",
  "textarea",
  "choice",
  "checkbox",
  "number",
  "date",
  "server",
  "servers",
] as const;
export type FieldType = (typeof fieldTypes)[number];

export interface FormField {
  readonly name: string;
  readonly type: FieldType;
  readonly label: Bilingual;
  readonly help: Bilingual | undefined;
  readonly required: boolean;
  readonly options: readonly { readonly value: string; readonly label: Bilingual }[];
  /** Regular expression that the whole value has to match. */
  readonly pattern: string | undefined;
  /** What is said when it does not. */
  readonly message: Bilingual | undefined;
  /** What stands there at first. */
  readonly initial: string;
  /** JSONata over the servers that were chosen: the present setting. */
  readonly prefill: string | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly longest: number;
}

/** A condition over the whole request and the servers as the inventory knows them. */
export interface FormCheck {
  readonly assert: string;
  /** Field at which the message stands; undefined: at the top. */
  readonly field: string | undefined;
  readonly message: Bilingual;
}

export interface RequestForm {
  readonly name: string;
  readonly pack: string;
  readonly label: Bilingual;
  readonly description: Bilingual | undefined;
  readonly component: string;
  readonly project: string | undefined;
  readonly type: string | undefined;
  readonly priority: string | undefined;
  readonly labels: readonly string[];
  /** Text with `<$ JSONata $>` over `fields`. */
  readonly summary: string;
  readonly fields: readonly FormField[];
  readonly checks: readonly FormCheck[];
}

/** Forms by name. */
export function compileForms(
  declarations: readonly DeclarationFile[],
): ReadonlyMap<string, RequestForm> {
  return new Map(
    declarations
      .filter(({ kind }) => kind === "request-form")
      .map(({ name, pack, document }) => [
        name,
        formOf(name, pack, isObject(document) ? document : {}),
      ]),
  );
}

function formOf(name: string, pack: string, document: JsonObject): RequestForm {
  const { label, description, labels, checks, fields } = document;
  return {
    name,
    pack,
    label: bilingual(label) ?? { ja: name, en: name },
    description: bilingual(description),
    component: textIn(document, "component") ?? "",
    project: textIn(document, "project"),
    type: textIn(document, "type"),
    priority: textIn(document, "priority"),
    labels: listOf(labels).map(String),
    summary: textIn(document, "summary") ?? name,
    fields: listOf(fields).filter(isObject).map(fieldOf),
    checks: listOf(checks).filter(isObject).map(checkOf),
  };
}

function fieldOf(field: JsonObject): FormField {
  const name = textIn(field, "name") ?? "";
  const { min, max, options, required } = field;
  const pattern = textIn(field, "pattern");
  const { longest } = field;
  return {
    name,
    type: fieldTypes.find((one) => one === field["type"]) ?? "text",
    label: bilingual(field["label"]) ?? { ja: name, en: name },
    help: bilingual(field["help"]),
    required: required === true,
    options: listOf(options).map(optionOf),
    pattern,
    message: bilingual(field["message"]),
    initial: plainText(field["initial"]),
    prefill: textIn(field, "prefill"),
    min: typeof min === "number" ? min : undefined,
    max: typeof max === "number" ? max : undefined,
    longest: typeof longest === "number" ? longest : field["type"] === "textarea" ? 10_000 : 500,
  };
}

function optionOf(option: unknown): FormField["options"][number] {
  if (!isObject(option))
    return { value: String(option), label: { ja: String(option), en: String(option) } };
  const value = String(option["value"]);
  return { value, label: bilingual(option["label"]) ?? { ja: value, en: value } };
}

function checkOf(check: JsonObject): FormCheck {
  const assert = textIn(check, "assert") ?? "true";
  return {
    assert,
    field: textIn(check, "field"),
    message: bilingual(check["message"]) ?? { ja: assert, en: assert },
  };
}

function bilingual(value: unknown): Bilingual | undefined {
  if (typeof value === "string") return { ja: value, en: value };
  if (!isObject(value)) return undefined;
  const { ja, en } = value;
  return {
    ...(typeof ja === "string" ? { ja } : {}),
    ...(typeof en === "string" ? { en } : {}),
  };
}

/** Text, or a number or truth as it is written. */
function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function textIn(value: JsonObject, name: string): string | undefined {
  const found = value[name];
  return typeof found === "string" && found !== "" ? found : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
