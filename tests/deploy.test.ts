/** The files for Compose and Helm say nothing that the program does not understand. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { roles } from "../src/config.ts";

const known = new Set(
  readFileSync("README.md", "utf8").match(/\b(RAICHO_[A-Z0-9_]+|DATABASE_URL|REDIS_URL)\b/g),
);
const templates = globSync("deploy/helm/raicho/templates/*.{yaml,tpl}");
const template = (file: string): string => readFileSync(file, "utf8");

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const { services } = parse(readFileSync("deploy/compose.yaml", "utf8"), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
};
const own = Object.values(services).filter(({ image }) => image === "raicho");

/** The word after `--role`. */
function roleIn(words: readonly string[]): string {
  return words[words.indexOf("--role") + 1] ?? "";
}

test("Compose starts every role that one machine has", () => {
  expect(own.map(({ command = [] }) => roleIn(command)).toSorted()).toEqual(
    roles.filter((role) => role !== "all" && role !== "door").toSorted(),
  );
});

test("Compose sets only variables that there are", () => {
  const set = own.flatMap(({ environment = {} }) => Object.keys(environment));
  expect(set).toContain("DATABASE_URL");
  expect(set.filter((name) => !known.has(name))).toEqual([]);
});

test.each(templates)("%s: every value it asks for has a default", (file) => {
  const values: unknown = parse(readFileSync("deploy/helm/raicho/values.yaml", "utf8"));
  const asked = [...template(file).matchAll(/\.Values((?:\.\w+)+)/g)].map(([, path = ""]) =>
    path.slice(1).split("."),
  );
  const valueAt = (path: readonly string[]): unknown =>
    path.reduce<unknown>(
      (here, key) =>
        typeof here === "object" && here !== null ? Reflect.get(here, key) : undefined,
      values,
    );
  expect(asked.filter((path) => valueAt(path) === undefined)).toEqual([]);
});

test.each(templates)("%s: blocks are closed, and what it includes is defined", (file) => {
  const text = template(file);
  const defined = new Set(
    templates.flatMap((each) =>
      [...template(each).matchAll(/define "([^"]+)"/g)].map(([, name]) => name),
    ),
  );
  const opened = text.match(/\{\{-? *(?:if|range|define|with)\b/g)?.length ?? 0;
  expect(text.match(/\{\{-? *end\b/g)?.length ?? 0).toBe(opened);
  const included = [...text.matchAll(/include "([^"]+)"/g)].map(([, name]) => name);
  expect(included.filter((name) => !defined.has(name))).toEqual([]);
});

test("Helm runs roles that there are, with variables that there are", () => {
  const all = templates.map((file) => template(file)).join("\n");
  const words = [...all.matchAll(/args: \[([^\]]+)\]/g)].map(([, list = ""]) => list.split(", "));
  expect(words.map((list) => roleIn(list)).toSorted()).toEqual(
    roles.filter((role) => role !== "all" && role !== "door").toSorted(),
  );
  const set = [...all.matchAll(/name: ((?:RAICHO_|DATABASE_|REDIS_)\w+)/g)].map(([, name]) => name);
  expect(set.filter((name) => name === undefined || !known.has(name))).toEqual([]);
});

const units = ["raicho.service", "raicho@.service"] as const;

test("the page on operations shows the unit of one machine as it is", () => {
  expect(readFileSync("docs/operations.md", "utf8")).toContain(
    readFileSync("deploy/systemd/raicho.service", "utf8"),
  );
});

test.each(units)("%s: starts what there is, with variables that there are", (unit) => {
  const text = readFileSync(`deploy/systemd/${unit}`, "utf8");
  expect(text).toMatch(/^ExecStart=\S+\/raicho start (?:--workers 2|--role %i)$/m);
  const set = text.match(/\b(?:RAICHO_[A-Z0-9_]+|DATABASE_URL|REDIS_URL)\b/g) ?? [];
  expect(set.filter((name) => !known.has(name))).toEqual([]);
  // The drain and its end fit in.
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(50);
});
