/** `POST /packs/register`. */
import type { Request, Response } from "express";
import type { Content } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { Door } from "./door.ts";
import { names, refusal } from "./query.ts";
import { runnerCount } from "./runner-view.ts";

/** What registering counts, in StackStorm's words, and what goes with a word. */
const kinds = {
  runner: ["runners"],
  action: ["runners", "actions"],
  trigger: ["triggers"],
  sensor: ["triggers", "sensors"],
  rule: ["rule_types", "rules"],
  rule_type: ["rule_types"],
  alias: ["aliases"],
  policy: ["policy_types", "policies"],
  policy_type: ["policy_types"],
  config: ["configs"],
} as const;

function counts(door: Door, content: Content, packs: readonly string[]): Record<string, number> {
  const of = (all: ReadonlyMap<string, { readonly pack: string }>): number =>
    [...all.values()].filter(({ pack }) => packs.length === 0 || packs.includes(pack)).length;
  return {
    runners: runnerCount(door.core.runners),
    rule_types: 2,
    policy_types: 3,
    triggers: of(content.triggerTypes),
    sensors: of(content.sensors),
    actions: of(content.actions),
    rules: of(content.rules),
    aliases: of(content.aliases),
    policies: of(content.policies),
    configs: [...content.packs.values()].filter(
      ({ ref, config }) =>
        (packs.length === 0 || packs.includes(ref)) && Object.keys(config).length > 0,
    ).length,
  };
}

const singular: Readonly<Record<string, keyof typeof kinds>> = {
  runners: "runner",
  actions: "action",
  triggers: "trigger",
  sensors: "sensor",
  rules: "rule",
  rule_types: "rule_type",
  aliases: "alias",
  policies: "policy",
  policy_types: "policy_type",
  configs: "config",
};

function isKind(name: string): name is keyof typeof kinds {
  return name in kinds;
}

/** The kind of definition by the directory of its file. */
const folders: Readonly<Record<string, keyof typeof kinds>> = {
  actions: "action",
  triggers: "trigger",
  sensors: "sensor",
  rules: "rule",
  aliases: "alias",
  policies: "policy",
};

interface Wish {
  readonly packs: readonly string[];
  /** Kinds; none = all. */
  readonly types: readonly string[];
}

/** What one line like `error: FILE:LINE:COLUMN sentence` says of a pack, in StackStorm's words; undefined when it says nothing of these kinds. */
function failureOf(problem: string, ref: string, path: string, types: Wish["types"]) {
  const [, file = "", sentence = ""] = /^error: (.+?):\d+:\d+ ([^]*)$/.exec(problem) ?? [];
  if (!file.startsWith(`${path}/`)) return undefined;
  const kind = folders[file.slice(path.length + 1).split("/")[0] ?? ""];
  if (kind === undefined) return `Failed to register pack "${ref}": ${sentence}`;
  return types.length === 0 || types.includes(kind)
    ? `Failed to register ${kind} "${file}" from pack "${ref}": ${sentence}`
    : undefined;
}

/** The first thing that could not be registered of these packs. */
function failureIn(
  content: Content,
  problems: readonly string[],
  { packs, types }: Wish,
): string | undefined {
  for (const ref of packs) {
    const path = content.packs.get(ref)?.path;
    for (const problem of path === undefined ? [] : problems) {
      const failure = failureOf(problem, ref, path ?? "", types);
      if (failure !== undefined) return failure;
    }
  }
  return undefined;
}

/** Those of the packs that were asked for; all when none was named. */
function problemsOf(
  content: Content,
  problems: readonly string[],
  packs: readonly string[],
): readonly string[] {
  const places = packs.map((ref) => `${content.packs.get(ref)?.path ?? ref}/`);
  return places.length === 0
    ? problems
    : problems.filter((problem) => places.some((place) => problem.includes(place)));
}

/** What the body names. Throws for a type that there is not. */
function wishOf(body: unknown): Wish {
  if (!isObject(body)) return { packs: [], types: [] };
  const types = names(body["types"]).map((name) => singular[name] ?? name);
  const odd = types.find((name) => name !== "all" && !isKind(name));
  if (odd !== undefined)
    throw refusal(
      `There is no resource type "${odd}": give one of ${Object.keys(singular).join(", ")}`,
    );
  return { packs: names(body["packs"]), types: types.includes("all") ? [] : types };
}

/** Reads everything again; what the body names decides what is counted, and whose faults are a refusal (unless `fail_on_failure` is false). */
export async function register(door: Door, request: Request, response: Response): Promise<void> {
  const body: unknown = request.body;
  const wish = wishOf(body);
  const { packs, types } = wish;
  const { content, problems } = await door.reload();
  const gone = packs.find((ref) => !content.packs.has(ref));
  if (gone !== undefined)
    throw refusal(
      problems.find((problem) => problem.includes(`/${gone}/pack.yaml`)) ??
        `Pack "${gone}" not found on disk: Directory "${door.packDirectory(gone)}" doesn't exist`,
    );
  const forgives = isObject(body) && body["fail_on_failure"] === false;
  const failure = forgives ? undefined : failureIn(content, problems, wish);
  if (failure !== undefined) throw refusal(failure);
  const all = counts(door, content, packs);
  const shown = new Set(
    types.length === 0
      ? Object.keys(all)
      : types.flatMap((name) => (isKind(name) ? [...kinds[name]] : [])),
  );
  const registered = Object.fromEntries(Object.entries(all).filter(([name]) => shown.has(name)));
  const told = problemsOf(content, problems, packs);
  response.json(told.length === 0 ? registered : { ...registered, problems: told });
}
