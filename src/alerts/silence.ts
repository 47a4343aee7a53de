import type { JsonObject } from "../model/json.ts";
import { isObject } from "../model/json.ts";
import { DocumentNode, type DocumentProblem } from "./document.ts";
import { durationMs } from "./duration.ts";
import { readMatchers } from "./matcher.ts";

/** What somebody asks for. */
export interface AskedSilence {
  readonly match: JsonObject;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly comment: string;
}

/** Reads `{match, starts_at?, ends_at or for, comment}`; or says in one sentence what is wrong with it. `now`: milliseconds since the epoch. */
export function readSilence(
  asked: JsonObject,
  now: number,
): { readonly silence: AskedSilence } | { readonly problem: string } {
  const problems: DocumentProblem[] = [];
  const node = (name: string): DocumentNode => new DocumentNode(asked[name], `/${name}`, problems);
  const { match } = asked;
  const conditions = readMatchers(node("match")).length;
  if (problems.length === 0 && conditions === 0)
    node("match").problem("is missing; a silence without conditions would hide every alert");
  const [startsAt, endsAt] = span(node, now);
  const comment = node("comment").text("").trim();
  if (comment === "")
    node("comment").problem("is missing; say why nobody is to hear of these alerts");
  const [problem] = problems;
  if (problem !== undefined) return { problem: `${problem.path}: ${problem.message}` };
  return {
    silence: {
      match: isObject(match) ? match : {},
      startsAt: new Date(startsAt),
      endsAt: new Date(endsAt),
      comment,
    },
  };
}

function span(
  node: (name: string) => DocumentNode,
  now: number,
): readonly [start: number, end: number] {
  const start = moment(node("starts_at")) ?? now;
  const end = moment(node("ends_at")) ?? start + (length(node("for")) ?? 0);
  if (!node("ends_at").present && !node("for").present)
    node("ends_at").problem("is missing; give it, or for (2h)");
  else if (end <= start) node("ends_at").problem("is not after its start");
  return [start, end];
}

function moment(node: DocumentNode): number | undefined {
  if (!node.present) return undefined;
  const text = node.text();
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  node.problem(`"${text}" is no time such as 2026-11-23T09:00:00+09:00`);
  return undefined;
}

function length(node: DocumentNode): number | undefined {
  if (!node.present) return undefined;
  const text = node.text();
  const ms = durationMs(text);
  if (ms === undefined) node.problem(`"${text}" is no duration; write 30m, 2h or 1d`);
  return ms;
}
