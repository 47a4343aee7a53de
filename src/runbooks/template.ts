/** `<$ JSONata $>` in the text of a document. Only documents hold templates: what an expression gives is data and is put in as it is. */
import type { Ask } from "../expressions/context.ts";
import { splitText } from "../expressions/delimiters.ts";
import { compileSource } from "../expressions/engines.ts";
import { ExpressionError } from "../expressions/context.ts";
import type { JsonObject } from "../model/json.ts";
import { shellQuote } from "./command.ts";
import type { Said } from "./document.ts";

/** What documents and conditions see: `$.fields.env`, `$.servers`, `$.ticket.key` … */
export interface View {
  readonly variables: JsonObject;
  readonly ask: Ask;
}

/** A condition or list of the index, without delimiters. Throws ExpressionError or Unanswered. */
export function evaluate(source: string, { variables, ask }: View): unknown {
  return compileSource("jsonata", source).evaluate({ variables, ask });
}

/** Why that cannot be an expression, and where; undefined when it can. */
export function expressionFault(source: string): { message: string; offset: number } | undefined {
  try {
    compileSource("jsonata", source);
    return undefined;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { message: error.message, offset: error.offset ?? 0 };
  }
}

/** Every expression in that text which cannot be parsed; offsets count in the text. */
export function templateFaults(text: string): readonly { message: string; offset: number }[] {
  return splitText(text, "jsonata").flatMap(({ expression, source, sourceOffset }) => {
    const found = expression ? expressionFault(source) : undefined;
    return found === undefined ? [] : [{ ...found, offset: sourceOffset + found.offset }];
  });
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  return JSON.stringify(value);
}

/** An expression that fails is shown where it stands, so that the rest of the document can be read. Throws only Unanswered. */
function filled(text: string, view: View, shown: (value: string) => string): string {
  return splitText(text, "jsonata")
    .map((part) => {
      if (!part.expression) return part.text;
      try {
        return shown(textOf(evaluate(part.source, view)));
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        return `⟨${part.text}: ${error.message}⟩`;
      }
    })
    .join("");
}

/** Text of a document with its expressions replaced by their values. */
export function renderText(text: string, view: View): string {
  return filled(text, view, (value) => value);
}

/** A command with each value as one quoted word; or why a value cannot be part of a command. */
export function renderCommand(text: string, view: View): string | { readonly refused: Said } {
  let refused: Said | undefined;
  const words = splitText(text, "jsonata").map((part) => {
    if (!part.expression) return part.text;
    try {
      const value = textOf(evaluate(part.source, view));
      if (value === "") refused ??= isEmpty(part.text);
      // A word that begins with a dash would be an option of the program.
      if (value.startsWith("-") || /\p{Cc}/u.test(value))
        refused ??= isNoWord(part.text, JSON.stringify(value));
      return shellQuote(value);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      refused ??= isUnknown(part.text, error.message);
      return "";
    }
  });
  return refused === undefined ? words.join("") : { refused };
}

function isEmpty(expression: string): Said {
  return {
    ja: `この依頼では ${expression} が空です`,
    en: `${expression} is empty for this request`,
  };
}

function isNoWord(expression: string, value: string): Said {
  return {
    ja: `${expression} の値 ${value} はコマンドに入れられません`,
    en: `${expression} gives ${value}, which is not put into a command`,
  };
}

function isUnknown(expression: string, why: string): Said {
  return { ja: `${expression} を計算できません: ${why}`, en: `${expression}: ${why}` };
}
