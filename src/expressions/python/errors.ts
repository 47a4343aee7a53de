/** An exception of Python: `type` is its class (`TypeError`, `KeyError` …), the message its str(). */
export class PythonError extends Error {
  override readonly name = "PythonError";
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export function typeError(message: string): PythonError {
  return new PythonError("TypeError", message);
}

export function valueError(message: string): PythonError {
  return new PythonError("ValueError", message);
}
