/** Acceptance 5: what people read is there in Japanese and in English. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { repository } from "../support/raicho.ts";
import { wordsFor as jiraWords } from "../../packs/jira/lib/words.ts";
import { wordsFor as redmineWords } from "../../packs/redmine/lib/words.ts";
import { alertDescription, ticketWords } from "../../src/tickets/texts.ts";

const japanese = /[ぁ-んァ-ヶ一-龠]/;

/** Every text of such a table, functions called with words that are neither. */
function said(words: object): readonly string[] {
  return Object.values(words).flatMap((value: unknown) =>
    typeof value === "function"
      ? [String((value as (...given: unknown[]) => unknown)("X", "X"))]
      : typeof value === "string"
        ? [value]
        : [],
  );
}

describe.each([
  ["tickets", (language: "ja" | "en") => ticketWords(language)],
  ["jira", (language: "ja" | "en") => jiraWords({ language })],
  ["redmine", (language: "ja" | "en") => redmineWords({ language })],
])("texts of %s", (_name, wordsFor) => {
  test("say the same things in both languages", () => {
    const [ja, en] = [wordsFor("ja"), wordsFor("en")];
    expect(Object.keys(ja).toSorted()).toEqual(Object.keys(en).toSorted());
    for (const text of said(en)) expect(text).not.toMatch(japanese);
    const foreign = said(ja).filter((text) => !japanese.test(text) && /[a-z]{3}/.test(text));
    expect(foreign).toEqual([]);
  });
});

function files(folder: string): readonly string[] {
  return readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml") && !file.includes("node_modules"))
    .map((file) => join(folder, file));
}

/** Sentences of an expression or of a plain value: a word that begins with a capital letter, and another one. */
const sentence = /"[^"]*\b[A-Z][a-z]+:? [a-z]{2,}[^"]*"|^[A-Z][a-z]+:? [a-z]{2,}/;

/** Texts that tickets get, by where they stand: input of an action that writes into tickets, and what is published for it. */
function spoken(
  node: unknown,
  path: readonly string[] = [],
): readonly (readonly [string, unknown])[] {
  if (Array.isArray(node)) return node.flatMap((one, at) => spoken(one, [...path, String(at)]));
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => {
    const at = [...path, name];
    const input =
      path.at(-1) === "parameters" || (path.at(-1) === "input" && path.at(-2) !== "parameters");
    const text = input && ["text", "summary", "description"].includes(name);
    const published = path.includes("publish") && !["en", "ja"].includes(name);
    return text || published ? [[at.join("/"), value] as const] : spoken(value, at);
  });
}

/** One text only, which is English. */
function oneTongue(value: unknown): boolean {
  if (typeof value === "string")
    return sentence.test(value) && !(value.includes('"ja":') && value.includes('"en":'));
  if (typeof value !== "object" || value === null) return false;
  return "en" in value !== "ja" in value;
}

test("workflows and rules that write into tickets do so in both languages", () => {
  const all = ["workflows", "rules", "packs"].flatMap(files);
  const found = all.flatMap((file) =>
    spoken(parse(readFileSync(join(repository, file), "utf8"), { logLevel: "silent" }))
      .filter(([, value]) => oneTongue(value))
      .map(([at]) => `${file}: ${at}`),
  );
  expect(found).toEqual([]);
}, 120_000);

test.each([
  ["a sentence alone", { tasks: { a: { input: { text: "Nobody looked at it." } } } }],
  ["in an expression", { tasks: { a: { input: { text: '<$ "Nobody looked: " & x $>' } } } }],
  ["published", { tasks: { a: { next: [{ publish: [{ said: "Nobody looked." }] }] } } }],
  ["English only", { tasks: { a: { next: [{ publish: [{ said: { en: "Nobody looked." } }] }] } } }],
])("such a text is found: %s", (_name, workflow) => {
  expect(spoken(workflow).some(([, value]) => oneTongue(value))).toBe(true);
});

/** Labels, names, messages: where one language is given, the other is, too. */
function halves(node: unknown, path: readonly string[] = []): readonly string[] {
  if (Array.isArray(node)) return node.flatMap((one, at) => halves(one, [...path, String(at)]));
  if (typeof node !== "object" || node === null) return [];
  if ("ja" in node !== "en" in node) return [path.join("/")];
  return Object.entries(node).flatMap(([name, value]) => halves(value, [...path, name]));
}

test("forms, indexes, types and everything else in YAML has both languages where it has one", () => {
  const found = ["workflows", "rules", "packs"]
    .flatMap(files)
    .flatMap((file) =>
      halves(parse(readFileSync(join(repository, file), "utf8"), { logLevel: "silent" })).map(
        (at) => `${file}: ${at}`,
      ),
    );
  expect(found).toEqual([]);
}, 120_000);

test.each([
  ["service.owner: A, B 2 owners; which of them is not known", "担当者が複数"],
  ["there is no entry x", "インベントリに担当者がいない"],
])("C2: a ticket says why the leader has it: %s", (note, why) => {
  const owner = { kind: "unknown", person: null, leader: null, notes: [note] };
  expect(alertDescription({ owner }, "ja")).toContain(`担当: 不明（リーダーが判断） (${why})`);
});
