/** Errors of one evaluation, in the words of the original: an exception class of Python or YAQL and its message. */
import { ExpressionError } from "../context.ts";

/** Thrown inside the interpreter; `compileYaql` turns it into an ExpressionError. */
export class Fault extends Error {
  override readonly name = "Fault";
  /** Exception class of the original, e.g. `TypeError`, `NoFunctionRegisteredException`. */
  readonly original: string;
  /** Offset in the source, for syntax errors. */
  readonly offset: number | undefined;
  constructor(original: string, message: string, offset?: number) {
    super(message);
    this.original = original;
    this.offset = offset;
  }
}

/** The error as the rest of the program sees it. */
export function expressionError(fault: Fault, source: string): ExpressionError {
  return new ExpressionError(fault.message, {
    language: "yaql",
    source,
    original: fault.original,
    offset: fault.offset,
  });
}

export function typeError(message: string): Fault {
  return new Fault("TypeError", message);
}

export function valueError(message: string): Fault {
  return new Fault("ValueError", message);
}

export function stopIteration(message = ""): Fault {
  return new Fault("StopIteration", message);
}
