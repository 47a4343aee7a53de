import { isObject, type JsonObject } from "../model/json.ts";
import type { Label } from "./definition.ts";
import { nearest } from "./text.ts";

/** Reads parts of a YAML document and reports what is not as expected, with its path. */
export class Reader {
  readonly report: (path: string, message: string) => void;

  constructor(report: (path: string, message: string) => void) {
    this.report = report;
  }

  onlyKeys(path: string, body: JsonObject, allowed: readonly string[]): void {
    for (const key of Object.keys(body)) {
      if (allowed.includes(key)) continue;
      const near = nearest(key, allowed);
      const hint = near === undefined ? `expected ${allowed.join(", ")}` : `did you mean ${near}?`;
      this.report(path === "" ? key : `${path}.${key}`, `unknown key ${key}; ${hint}`);
    }
  }

  unknownAttribute(path: string, name: string, known: ReadonlyMap<string, unknown>): void {
    const near = nearest(name, known.keys());
    this.report(path, `no attribute ${name}${near === undefined ? "" : `; did you mean ${near}?`}`);
  }

  mapping(path: string, given: unknown): JsonObject {
    if (isObject(given)) return given;
    this.report(path, "expected a mapping");
    return {};
  }

  list(path: string, given: unknown): readonly unknown[] {
    if (given === undefined) return [];
    if (Array.isArray(given)) return given;
    this.report(path, "expected a list");
    return [];
  }

  /** A name, or a list of at least one. */
  names(path: string, given: unknown): readonly string[] {
    const list: readonly unknown[] = Array.isArray(given) ? given : [given];
    const names = list.filter((name) => typeof name === "string");
    if (names.length !== list.length || names.length === 0)
      this.report(path, "expected a name or a list of names");
    return names;
  }

  /** Names where there may be none. */
  someNames(path: string, given: unknown): readonly string[] {
    return given === undefined ? [] : this.names(path, given);
  }

  text(path: string, given: unknown): string {
    if (given === undefined) return "";
    if (typeof given === "string") return given;
    this.report(path, "expected text");
    return "";
  }

  flag(path: string, given: unknown, otherwise: boolean): boolean {
    if (given === undefined) return otherwise;
    if (typeof given === "boolean") return given;
    this.report(path, "expected true or false");
    return otherwise;
  }

  count(path: string, given: unknown): number | undefined {
    if (given === undefined) return undefined;
    if (typeof given === "number" && Number.isFinite(given)) return given;
    this.report(path, "expected a number");
    return undefined;
  }

  oneOf<Name extends string>(
    path: string,
    given: unknown,
    names: readonly Name[],
  ): Name | undefined {
    if (given === undefined) return undefined;
    const found = names.find((name) => name === given);
    if (found !== undefined) return found;
    const near = typeof given === "string" ? nearest(given, names) : undefined;
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    this.report(path, `expected one of ${names.join(", ")}${hint}`);
    return undefined;
  }

  /** Text for all languages, or `{ja: …, en: …}`; a missing language shows `name`. */
  label(path: string, given: unknown, name: string): Label {
    if (given === undefined) return { ja: name, en: name };
    if (typeof given === "string") return { ja: given, en: given };
    const body = this.mapping(path, given);
    this.onlyKeys(path, body, ["ja", "en"]);
    const text = (language: string): string => {
      const value = body[language];
      if (value !== undefined && typeof value !== "string")
        this.report(`${path}.${language}`, "expected text");
      return typeof value === "string" ? value : name;
    };
    return { ja: text("ja"), en: text("en") };
  }
}
