/** Attributes, items, iteration, truth: what Jinja2's sandbox lets a template do with a value. Only own keys of data and the listed methods
 * can be reached; nothing of JavaScript. */
import { isInt, isNumber } from "../python/arithmetic.ts";
import {
  dictEntries,
  dictGet,
  dictHas,
  isDict,
  isPlainDict,
  PyDict,
  PySet,
  PyTuple,
} from "../python/collections.ts";
import { pyTruth, typeName } from "../python/compare.ts";
import { typeError, valueError } from "../python/errors.ts";
import { pyRepr, pyStr, stringRepr } from "../python/text.ts";
import { sliceIndexes } from "../jsonpath-steps.ts";
import { methodOf } from "./methods.ts";
import {
  GroupTuple,
  JinjaObject,
  JinjaUndefined,
  need,
  PyFunction,
  PyIterator,
  PyRange,
} from "./runtime.ts";

/** A slice written in brackets. */
export class Slice {
  readonly parts: readonly unknown[];
  constructor(parts: readonly unknown[]) {
    this.parts = parts;
  }
}

/** How Jinja2's messages call the value: `dict object`, `None`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value instanceof JinjaObject) return value.description;
  if (value instanceof PyFunction && value.pythonType === "Macro")
    return "jinja2.runtime.Macro object";
  return `${typeName(value)} object`;
}

function missingAttribute(object: unknown, name: string): JinjaUndefined {
  const owner = stringRepr(describeValue(object));
  return new JinjaUndefined(`${owner} has no attribute ${stringRepr(name)}`);
}

// What every object of Python has; the sandbox refuses to hand it out.
const privateNames = new Set(
  "class delattr dir doc eq format ge getattribute getstate gt hash init init_subclass le lt ne new reduce reduce_ex repr setattr sizeof str subclasshook"
    .split(" ")
    .map((name) => `__${name}__`),
);
const containerNames = new Set(
  "len iter contains getitem setitem delitem add mul rmul mod rmod getnewargs reversed class_getitem iadd imul or ror ior and sub xor call self name qualname text_signature module bool int float abs neg pos"
    .split(" ")
    .map((name) => `__${name}__`),
);

const functionNames = new Set(
  "globals code closure defaults kwdefaults annotations dict wrapped base bases mro subclasses subclasscheck basicsize"
    .split(" ")
    .map((name) => `__${name}__`),
);

function isPrivate(object: unknown, name: string): boolean {
  if (!name.startsWith("__")) return false;
  if (privateNames.has(name)) return true;
  if (object instanceof PyFunction && functionNames.has(name)) return true;
  return containerNames.has(name) && object !== null && object !== undefined;
}

function unsafe(object: unknown, name: string): JinjaUndefined {
  const message = `access to attribute ${stringRepr(name)} of ${stringRepr(typeName(object))} object is unsafe.`;
  return new JinjaUndefined(message, "SecurityError");
}

/** `object.name`: an attribute or method if there is one, else the item of that key. */
export function getAttribute(object: unknown, name: string): unknown {
  if (!isPlainDict(object)) return attributeOf(need(object), name);
  const method = methodOf(object, name);
  if (method !== undefined) return method;
  if (isPrivate(object, name)) return unsafe(object, name);
  return Object.hasOwn(object, name) ? (object[name] ?? null) : missingAttribute(object, name);
}

function attributeOf(owner: unknown, name: string): unknown {
  if (isPrivate(owner, name)) return unsafe(owner, name);
  const value = ownAttribute(owner, name) ?? methodOf(owner, name);
  if (value !== undefined) return value;
  if (owner instanceof PyDict && owner.has(name)) return owner.get(name) ?? null;
  return missingAttribute(owner, name);
}

/** Attributes of values that only templates have. */
function ownAttribute(owner: unknown, name: string): unknown {
  if (owner instanceof JinjaObject) return name.startsWith("_") ? undefined : owner.attribute(name);
  if (owner instanceof PyFunction) return owner.attributes.get(name);
  return owner instanceof GroupTuple ? owner.attribute(name) : undefined;
}

/** `object[key]`: the item if there is one, else (for text keys) the attribute. */
export function getItem(object: unknown, key: unknown): unknown {
  const owner = need(object);
  need(key);
  const value = itemOf(owner, key);
  if (value !== undefined) return value;
  if (typeof key === "string") {
    if (owner instanceof JinjaObject && !key.startsWith("_")) {
      const attribute = owner.attribute(key);
      if (attribute !== undefined) return attribute;
    }
    if (isPrivate(owner, key)) return unsafe(owner, key);
    return methodOf(owner, key) ?? missingAttribute(owner, key);
  }
  return new JinjaUndefined(`${describeValue(owner)} has no element ${keyRepr(key)}`);
}

function keyRepr(key: unknown): string {
  if (!(key instanceof Slice)) return pyRepr(key);
  return `slice(${key.parts.map(pyRepr).join(", ")})`;
}

/** undefined = there is none. */
function itemOf(owner: unknown, key: unknown): unknown {
  if (isDict(owner)) {
    if (key instanceof Slice) throw typeError("unhashable type: 'slice'");
    return dictHas(owner, key) ? (dictGet(owner, key) ?? null) : undefined;
  }
  if (owner instanceof JinjaObject) return owner.item(key);
  const items = sequence(owner);
  if (key instanceof Slice) return sliced(owner, items, key);
  if (items === undefined || !isInt(key)) return undefined;
  const at = Number(key);
  const value: unknown = items.at(at);
  return at >= -items.length && at < items.length ? (value ?? null) : undefined;
}

function sequence(value: unknown): string | readonly unknown[] | undefined {
  if (typeof value === "string") return hasAstral(value) ? Array.from(value) : value;
  if (Array.isArray(value)) return value;
  if (value instanceof PyTuple) return value.items;
  return value instanceof PyRange ? value.items() : undefined;
}

function hasAstral(value: string): boolean {
  return /[\ud800-\udbff]/.test(value);
}

function sliced(
  owner: unknown,
  items: string | readonly unknown[] | undefined,
  slice: Slice,
): unknown {
  if (items === undefined) throw typeError(`'${typeName(owner)}' object is not subscriptable`);
  const [from, to, step] = slice.parts.map((part) => {
    if (part === null || part === undefined) return undefined;
    if (!isInt(part)) {
      throw typeError("slice indices must be integers or None or have an __index__ method");
    }
    return Number(part);
  });
  const found = sliceIndexes(items.length, { from, to, step }).map((at) => items[at]);
  if (typeof owner === "string") return found.join("");
  return owner instanceof PyTuple ? new PyTuple(found) : found;
}

/** The items a `for` would walk over. Throws TypeError `'int' object is not iterable`. */
export function iterate(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return Array.from(value);
  if (value instanceof PyTuple) return value.items;
  if (value instanceof PySet) return value.items();
  if (value instanceof PyIterator) return value.take();
  if (value instanceof PyRange) return value.items();
  if (isDict(value)) return dictEntries(value).map(([key]) => key);
  if (value instanceof JinjaUndefined && !value.strict) return [];
  need(value);
  throw typeError(`'${typeName(value)}' object is not iterable`);
}

/** len(). Throws TypeError `object of type 'int' has no len()`. */
export function lengthOf(value: unknown): number {
  if (typeof value === "string") return hasAstral(value) ? Array.from(value).length : value.length;
  if (value instanceof JinjaUndefined && !value.strict) return 0;
  const size = sizeOf(need(value));
  if (size === undefined) throw typeError(`object of type '${typeName(value)}' has no len()`);
  return size;
}

function sizeOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  if (value instanceof PyTuple) return value.items.length;
  if (value instanceof PySet || value instanceof PyDict) return value.size;
  if (value instanceof PyRange) return value.length;
  if (value instanceof PyIterator) return value.isView ? value.take().length : undefined;
  return isPlainDict(value) ? Object.keys(value).length : undefined;
}

/** bool() of a template's value. */
export function truth(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return pyTruth(value);
  if (value instanceof JinjaUndefined) {
    if (value.strict) throw value.error();
    return false;
  }
  if (value instanceof PyRange) return value.length > 0;
  if (value instanceof PyIterator && value.isView) return value.take().length > 0;
  if (value instanceof JinjaObject || value instanceof PyFunction) return true;
  return value instanceof PyIterator || pyTruth(value);
}

/** str() of a template's value; an undefined one throws. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : pyStr(value);
}

/** The items for `a, b = …`. Throws as Python does when there are more or fewer. */
export function unpack(value: unknown, count: number): readonly unknown[] {
  if (isNumber(value) || value === null || value === undefined) {
    throw typeError(`cannot unpack non-iterable ${typeName(value)} object`);
  }
  const items = iterate(value);
  if (items.length < count) {
    throw valueError(`not enough values to unpack (expected ${count}, got ${items.length})`);
  }
  if (items.length > count) throw valueError(`too many values to unpack (expected ${count})`);
  return items;
}
