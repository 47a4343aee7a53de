/** Values that are templates of StackStorm's Jinja at any depth, as rules, aliases and notifications hold them. */
import { Unanswered, type Ask } from "../expressions/context.ts";
import { compileJinjaTemplate } from "../expressions/jinja/compile.ts";
import { languageOf } from "../expressions/template.ts";
import { isObject, type JsonObject } from "../model/json.ts";

export interface RenderContext {
  readonly variables: JsonObject;
  readonly ask: Ask;
}

/** One text rendered; what is not there is an empty text. Throws ExpressionError, or Unanswered. */
export function renderLeniently(text: string, context: RenderContext): string {
  return languageOf(text) === "jinja" ? compileJinjaTemplate(text).renderLeniently(context) : text;
}

/** Every text rendered. What `instead` gives stands for a text that cannot be; without it the error is thrown. Throws Unanswered. */
export function renderValues(
  value: unknown,
  context: RenderContext,
  instead?: (template: string, error: unknown) => unknown,
): unknown {
  if (Array.isArray(value)) return value.map((each) => renderValues(each, context, instead));
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, renderValues(each, context, instead)]),
    );
  if (typeof value !== "string" || languageOf(value) !== "jinja") return value;
  try {
    return compileJinjaTemplate(value).render(context);
  } catch (error) {
    if (error instanceof Unanswered || instead === undefined) throw error;
    return instead(value, error);
  }
}
