/** The part of Python's `six` that templates of aliases use: `six.iteritems(execution.result)`. */
import { dictEntries, isDict, PyTuple } from "../python/collections.ts";
import { typeName } from "../python/compare.ts";
import { PythonError } from "../python/errors.ts";
import { pyStr } from "../python/text.ts";
import { JinjaObject, PyFunction, PyIterator } from "./runtime.ts";

type Pair = readonly [key: unknown, value: unknown];

function walker(method: string, pick: (pair: Pair) => unknown): PyFunction {
  return new PyFunction(([dict]) => {
    if (!isDict(dict))
      throw new PythonError(
        "AttributeError",
        `'${typeName(dict)}' object has no attribute '${method}'`,
      );
    return new PyIterator(() => dictEntries(dict).map(pick), `dict_${method.slice(0, -1)}iterator`);
  }, `<function iter${method}>`);
}

const functions: ReadonlyMap<string, PyFunction> = new Map([
  ["iteritems", walker("items", (pair) => new PyTuple([...pair]))],
  ["iterkeys", walker("keys", ([key]) => key)],
  ["itervalues", walker("values", ([, value]) => value)],
  ["text_type", new PyFunction(([value = ""]) => pyStr(value), "<class 'str'>")],
]);

/** The module as a value of a template's context. */
export class Six extends JinjaObject {
  readonly pythonType = "module";
  readonly description = "module 'six'";
  override attribute(name: string): unknown {
    return functions.get(name);
  }
}
