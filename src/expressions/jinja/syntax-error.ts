import { ExpressionError } from "../context.ts";

/** A template that cannot be parsed. `atStart`: the original found it before parsing began and then adds the line to its text. */
export class JinjaSyntaxError extends ExpressionError {
  readonly line: number;
  readonly atStart: boolean;
  constructor(
    message: string,
    facts: { source: string; offset: number; line: number; atStart?: boolean; original?: string },
  ) {
    super(message, {
      language: "jinja",
      source: facts.source,
      original: facts.original ?? "TemplateSyntaxError",
      offset: facts.offset,
    });
    this.line = facts.line;
    this.atStart = facts.atStart ?? false;
  }
}
