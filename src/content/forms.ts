/** `forms/*.yaml`: request forms. */
import { compileRegex } from "../expressions/python/regex.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { fieldTypes } from "../runbooks/form.ts";
import { expressionFault, templateFaults } from "../runbooks/template.ts";
import { readDeclaration } from "./declarations.ts";
import { listNames, nearest, type SourceFile } from "./problems.ts";
import { shaped, textOf, type PackReading } from "./reading.ts";
import type { Field, Shape } from "./shape.ts";
import type { Path } from "./yaml.ts";

const filled: Shape = { kind: "string", filled: true };
const text: Field = { shape: filled };
const needed: Field = { shape: filled, required: true };
const bilingual: Shape = {
  kind: "either",
  of: [filled, { kind: "record", others: "reject", fields: { ja: text, en: text } }],
};
const words: Field = { shape: bilingual };
const number: Field = { shape: { kind: "number" } };

const field: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    name: {
      shape: { kind: "string", pattern: /^[a-z][\w.-]*$/, expected: "a name such as fqdn" },
      required: true,
    },
    type: { shape: { kind: "word", words: fieldTypes } },
    label: words,
    help: words,
    required: { shape: { kind: "boolean" } },
    options: {
      shape: {
        kind: "list",
        filled: true,
        items: {
          kind: "either",
          of: [
            filled,
            {
              kind: "record",
              others: "reject",
              fields: { value: { shape: { kind: "any" }, required: true }, label: words },
            },
          ],
        },
      },
    },
    pattern: text,
    message: words,
    initial: { shape: { kind: "any" } },
    prefill: text,
    min: number,
    max: number,
    longest: { shape: { kind: "number", minimum: 1, integer: true } },
  },
};

const shape: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    name: text,
    label: { shape: bilingual, required: true },
    description: words,
    component: needed,
    project: text,
    type: text,
    priority: text,
    labels: { shape: { kind: "list", items: filled } },
    summary: needed,
    fields: { shape: { kind: "list", items: field, filled: true }, required: true },
    checks: {
      shape: {
        kind: "list",
        items: {
          kind: "record",
          others: "reject",
          fields: { assert: needed, field: text, message: { shape: bilingual, required: true } },
        },
      },
    },
  },
};

/** A form with a fault is left out, and each fault is told with its place. */
export function readForm(source: SourceFile, reading: PackReading): void {
  const before = reading.problems.errors;
  const document = shaped(source, shape, reading);
  if (document === undefined) return;
  const place: Placed = { source, reading };
  const names = checkFields(document, place);
  for (const [index, check] of listOf(document["checks"]).entries())
    checkCheck(check, ["checks", index], { ...place, names });
  for (const { message, offset } of templateFaults(textOf(document, "summary")))
    reading.problems.errorInText(source, { path: ["summary"], offset }, message);
  if (reading.problems.errors === before) readDeclaration("request-form", source, reading);
}

interface Placed {
  readonly source: SourceFile;
  readonly reading: PackReading;
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function checkFields(document: JsonObject, place: Placed): ReadonlySet<string> {
  const names = new Set<string>();
  const { problems } = place.reading;
  for (const [index, one] of listOf(document["fields"]).entries()) {
    const path: Path = ["fields", index];
    const name = textOf(one, "name");
    if (names.has(name))
      problems.error(place.source, [...path, "name"], `there is a second field "${name}"`);
    names.add(name);
    if (one["type"] === "choice" && one["options"] === undefined)
      problems.error(place.source, path, `the choice "${name}" has no options`, {
        expected: "options: a list",
      });
    checkExpression(one, [...path, "prefill"], place);
    checkPattern(one, [...path, "pattern"], place);
  }
  return names;
}

function checkCheck(
  check: JsonObject,
  path: Path,
  { names, ...place }: Placed & { readonly names: ReadonlySet<string> },
): void {
  checkExpression(check, [...path, "assert"], place);
  const named = textOf(check, "field");
  if (named === "" || names.has(named)) return;
  place.reading.problems.error(place.source, [...path, "field"], `there is no field "${named}"`, {
    expected: listNames(names),
    suggestion: nearest(named, names),
  });
}

function checkExpression(one: JsonObject, path: Path, { source, reading }: Placed): void {
  const written = textOf(one, String(path.at(-1)));
  const fault = written === "" ? undefined : expressionFault(written);
  if (fault !== undefined)
    reading.problems.errorInText(source, { path, offset: fault.offset }, fault.message);
}

function checkPattern(one: JsonObject, path: Path, { source, reading }: Placed): void {
  const written = textOf(one, "pattern");
  try {
    if (written !== "") compileRegex(written);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reading.problems.error(source, path, message, { expected: "a regular expression" });
  }
}
