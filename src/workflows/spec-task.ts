/** One task of a definition. */
import { compileTemplate, type CompiledTemplate } from "../expressions/template.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { inlineParameters } from "./inline-parameters.ts";
import type { Faults, SpecFault } from "./spec-faults.ts";
import { readCount, readPublish, readText } from "./spec-fields.ts";
import type { ItemsSpec, RetrySpec, TaskSpec, TransitionSpec } from "./spec.ts";

type Path = SpecFault["path"];
const taskKeys = ["delay", "join", "with", "action", "input", "retry", "next"];

/** Reads one task; what is wrong goes to the faults and is left out. */
export function readTask(name: string, written: JsonObject, faults: Faults): TaskSpec {
  const path: Path = ["tasks", name];
  faults.unknownKeys(path, written, taskKeys);
  return {
    name,
    ...readAction(written, path, faults),
    delay: readCount(written["delay"], [...path, "delay"], faults),
    join: readJoin(written["join"], [...path, "join"], faults),
    items: readItems(written["with"], [...path, "with"], faults),
    retry: readRetry(written["retry"], [...path, "retry"], faults),
    next: readNext(written["next"], [...path, "next"], faults),
  };
}

function readAction(
  written: JsonObject,
  path: Path,
  faults: Faults,
): { action: CompiledTemplate | undefined; input: CompiledTemplate | undefined } {
  const action = readText(written["action"], [...path, "action"], faults);
  const inline = action === undefined ? [] : inlineParameters(action);
  if (action !== undefined && inline.length > 0) {
    // Inline parameters replace `input` as a whole.
    const end = action.indexOf(" ");
    return {
      action: compileTemplate(end < 0 ? action : action.slice(0, end)),
      input: compileTemplate(Object.fromEntries(inline)),
    };
  }
  return {
    action: action === undefined ? undefined : compileTemplate(action),
    input: readInput(written["input"], [...path, "input"], faults),
  };
}

function readInput(input: unknown, path: Path, faults: Faults): CompiledTemplate | undefined {
  if (input === undefined || input === null) return undefined;
  const usable = isObject(input)
    ? Object.keys(input).length > 0
    : typeof input === "string" && input !== "";
  if (!usable) faults.add(path, "Expected a dict of at least one key, or an expression.");
  return compileTemplate(input);
}

function readJoin(written: unknown, path: Path, faults: Faults): "all" | number | undefined {
  if (written === undefined || written === null) return undefined;
  if (written === "all") return "all";
  if (typeof written === "number" && Number.isInteger(written) && written >= 0) return written;
  faults.add(path, "Expected `all` or a whole number ≥ 0.");
  return undefined;
}

const namedItems = /^\s*((?:[\p{L}\p{N}_]+\s*,?\s*)+)\s+in\s+(.*)$/su;

function readItems(written: unknown, path: Path, faults: Faults): ItemsSpec | undefined {
  if (written === undefined || written === null) return undefined;
  const short = typeof written === "string";
  if (!short && !isObject(written)) {
    faults.add(path, "Expected `x in <% … %>`, or a dict of `items` and `concurrency`.");
    return undefined;
  }
  const fields: JsonObject = short ? { items: written } : written;
  faults.unknownKeys(path, fields, ["items", "concurrency"]);
  const text = readText(fields["items"], short ? path : [...path, "items"], faults);
  if (text === undefined) {
    faults.add(path, "Expected `items`.");
    return undefined;
  }
  const [, names, named] = text.includes(" in ") ? (namedItems.exec(text) ?? []) : [];
  const source = (named ?? text).trim();
  return {
    names: names === undefined ? [] : names.replaceAll(/\s/g, "").split(","),
    source,
    items: compileTemplate(source),
    concurrency: readCount(fields["concurrency"], [...path, "concurrency"], faults),
  };
}

function readRetry(written: unknown, path: Path, faults: Faults): RetrySpec | undefined {
  if (written === undefined || written === null) return undefined;
  if (!isObject(written)) {
    faults.add(path, "Expected a dict of `count`, and maybe `when` and `delay`.");
    return undefined;
  }
  faults.unknownKeys(path, written, ["when", "count", "delay"]);
  const when = readText(written["when"], [...path, "when"], faults);
  const count = readCount(written["count"], [...path, "count"], faults);
  if (count === undefined) {
    faults.add([...path, "count"], "Expected how often the task is tried again.");
    return undefined;
  }
  return {
    written: {
      when: when ?? null,
      count: written["count"],
      delay: written["delay"] ?? null,
    },
    when: when === undefined ? undefined : compileTemplate(when),
    count,
    delay: readCount(written["delay"], [...path, "delay"], faults),
  };
}

function readNext(written: unknown, path: Path, faults: Faults): TransitionSpec[] {
  if (written === undefined || written === null) return [];
  if (!Array.isArray(written)) {
    faults.add(path, "Expected a list of transitions.");
    return [];
  }
  return written.flatMap((item: unknown, index) => {
    const at: Path = [...path, index];
    if (!isObject(item)) {
      faults.add(at, "Expected a dict of `when`, `publish` and `do`.");
      return [];
    }
    faults.unknownKeys(at, item, ["when", "publish", "do"]);
    const when = readText(item["when"], [...at, "when"], faults);
    return [
      {
        when: when === undefined ? undefined : compileTemplate(when),
        whenSource: when,
        publish: readPublish(item["publish"], [...at, "publish"], faults),
        targets: readTargets(item["do"], [...at, "do"], faults),
      },
    ];
  });
}

function readTargets(written: unknown, path: Path, faults: Faults): readonly string[] {
  if (written === undefined || written === null || written === "") return ["continue"];
  if (typeof written === "string") return written.split(",").map((name) => name.trim());
  if (Array.isArray(written) && written.every((name) => typeof name === "string")) {
    return written.length === 0 ? ["continue"] : written;
  }
  faults.add(path, "Expected a task name, a comma list or a list of names.");
  return [];
}
