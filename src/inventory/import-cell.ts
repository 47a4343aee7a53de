/**
 * One attribute of one entry, as spreadsheets and document say it: who is right?
 *
 * 1. What a source said before and says again is no news, whatever became of it.
 * 2. What nobody defends gives way; what another source, or a person's hand, put there has to be decided.
 * 3. An order of sources decides, then the newest if that is wished, else a person. */
import { absent, alike, same, rankOf, type Claim, type ClaimState, type Policy } from "./claims.ts";
import type { Attribute } from "./definition.ts";

/** What one sheet says now. */
export interface Statement {
  readonly source: string;
  readonly value: unknown;
  /** ISO 8601: when the sheet was true. */
  readonly asOf: string;
  readonly place: string;
}

/** A person's word: take what this source (or "document") says, or this value. */
export type Decision = { readonly take: string } | { readonly value: unknown };

export interface CellQuestion {
  readonly attribute: Attribute;
  readonly document: unknown;
  readonly statements: readonly Statement[];
  /** What is known of every source, also those that say nothing now. */
  readonly claims: readonly Claim[];
  readonly policyOf: (source: string) => Policy | undefined;
  /** Sources, best first; "document" stands for what was put there by hand. */
  readonly authority: readonly string[];
  readonly newest: boolean;
  readonly decision: Decision | undefined;
}

export interface ClaimChange {
  readonly source: string;
  readonly value: unknown;
  readonly state: ClaimState;
  readonly asOf: string;
  readonly place: string;
  /** Why it lost, in a few words. */
  readonly note: string | null;
}

/** What stands against what: the sides of a conflict. */
export interface Side {
  /** Sources that say so; "document" for what stands in the document. */
  readonly sources: readonly string[];
  readonly value: unknown;
  readonly places: readonly string[];
}

export interface CellAnswer {
  /** Undefined: the document stays as it is. */
  readonly write: { readonly value: unknown } | undefined;
  readonly claims: readonly ClaimChange[];
  /** Undecided, or how it was decided. */
  readonly contest:
    | { readonly sides: readonly Side[]; readonly decided: string | undefined }
    | undefined;
}

const handMade = "document";

export function answerCell(question: CellQuestion): CellAnswer {
  const { statements, claims, document, attribute, decision } = question;
  const known = new Map(claims.map((claim) => [claim.source, claim]));
  const quiet: ClaimChange[] = [];
  const news: Statement[] = [];
  for (const statement of statements) {
    const settled = quietly(statement, known.get(statement.source), question);
    if (settled !== undefined && decision === undefined) quiet.push(settled);
    else news.push(statement);
  }
  if (news.length === 0) return { write: undefined, claims: quiet, contest: undefined };
  const sides = sidesOf(news, question);
  const [only] = sides;
  if (sides.length === 1 && only !== undefined && decision === undefined) {
    const write =
      same(only.value, document) ||
      (alike(attribute, only.value, document) && defenders(news, question).length > 0)
        ? undefined
        : { value: only.value };
    return {
      write,
      claims: [...quiet, ...news.map((one) => changeOf(one, "agreed", null))],
      contest: undefined,
    };
  }
  return contested(question, sides, { quiet, news });
}

function changeOf(statement: Statement, state: ClaimState, note: string | null): ClaimChange {
  const { source, value, asOf, place } = statement;
  return { source, value, state, asOf, place, note };
}

/** What a difference becomes under a policy that never lets a sheet write. */
const unwritten: Partial<Record<Policy, ClaimState>> = {
  ignore: "ignored",
  write_if_empty: "ignored",
  report: "drift",
  enforce: "enforcing",
  propose: "proposed",
};
/** States in which a claim stays when it is made again. */
const lasting: ReadonlySet<ClaimState> = new Set(["rejected", "conflict", "proposed"]);

/** Statements that raise no question: those of policies that never write, and those made before. */
function quietly(
  statement: Statement,
  before: Claim | undefined,
  { attribute, document, policyOf }: CellQuestion,
): ClaimChange | undefined {
  const agrees = alike(attribute, statement.value, document);
  const policy = policyOf(statement.source);
  const fills = policy === "write_if_empty" && absent(document);
  const state = policy === undefined || fills ? undefined : unwritten[policy];
  if (!agrees && state !== undefined) return changeOf(statement, state, null);
  if (before === undefined || !same(before.value, statement.value)) return undefined;
  if (agrees) return changeOf(statement, "agreed", before.note);
  return changeOf(statement, lasting.has(before.state) ? before.state : "drift", before.note);
}

/** Who stands behind what the document says, beside those who now say something else. */
function defenders(news: readonly Statement[], question: CellQuestion): readonly string[] {
  const { document, claims, attribute } = question;
  if (absent(document)) return [];
  const speaking = new Map(news.map(({ source, value }) => [source, value]));
  const behind = claims.filter(
    (claim) =>
      alike(attribute, claim.value, document) &&
      (!speaking.has(claim.source) || alike(attribute, speaking.get(claim.source), document)),
  );
  if (behind.length > 0) return behind.map(({ source }) => source);
  // Somebody put it there by hand after a sheet had said something else.
  const overruled = news.some(({ source }) => {
    const before = claims.find((claim) => claim.source === source);
    return before !== undefined && !alike(attribute, before.value, document);
  });
  return overruled ? [handMade] : [];
}

function sidesOf(news: readonly Statement[], question: CellQuestion): readonly Side[] {
  const { attribute, document } = question;
  const sides: { sources: string[]; value: unknown; places: string[] }[] = [];
  const behind = defenders(news, question);
  if (behind.length > 0) sides.push({ sources: [...behind], value: document, places: [] });
  for (const { source, value, place } of byRank(news, question)) {
    const side = sides.find((one) => alike(attribute, one.value, value));
    if (side === undefined) sides.push({ sources: [source], value, places: [place] });
    else {
      if (!side.sources.includes(source)) side.sources.push(source);
      side.places.push(place);
    }
  }
  return sides;
}

/** Of alike values that of the best source is the one that is written. */
function byRank(news: readonly Statement[], { authority }: CellQuestion): readonly Statement[] {
  return news.toSorted((a, b) => {
    const [left, right] = [rankOf(authority, a.source), rankOf(authority, b.source)];
    return left === right ? 0 : left - right;
  });
}

function contested(
  question: CellQuestion,
  sides: readonly Side[],
  { quiet, news }: { quiet: readonly ClaimChange[]; news: readonly Statement[] },
): CellAnswer {
  const { attribute, document } = question;
  const winner = decide(question, sides, news);
  if (winner === undefined) {
    const claims = news.map((one) =>
      changeOf(one, alike(attribute, one.value, document) ? "agreed" : "conflict", null),
    );
    return {
      write: undefined,
      claims: [...quiet, ...claims],
      contest: { sides, decided: undefined },
    };
  }
  const losers = question.claims.filter(
    ({ source, state, value }) =>
      !news.some((one) => one.source === source) &&
      (state === "agreed" || state === "conflict" || state === "drift") &&
      !alike(attribute, value, winner.value),
  );
  const claims = [
    ...news.map((one) =>
      alike(attribute, one.value, winner.value)
        ? changeOf(one, "agreed", null)
        : changeOf(one, "rejected", winner.because),
    ),
    ...losers.map(({ source, value, observedAt, place }) => ({
      source,
      value,
      state: "rejected" as const,
      asOf: observedAt,
      place: place ?? "",
      note: winner.because,
    })),
  ];
  const write = same(winner.value, document) ? undefined : { value: winner.value };
  return { write, claims: [...quiet, ...claims], contest: { sides, decided: winner.because } };
}

interface Winner {
  readonly value: unknown;
  readonly because: string;
}

function decide(
  { decision, document, authority, newest, claims }: CellQuestion,
  sides: readonly Side[],
  news: readonly Statement[],
): Winner | undefined {
  if (decision !== undefined) return byHand(decision, document, news, claims);
  const ranked = sides
    .map((side) => ({
      side,
      rank: Math.min(...side.sources.map((source) => rankOf(authority, source))),
    }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1));
  const [best] = ranked;
  if (best !== undefined && best.rank !== Infinity)
    return { value: best.side.value, because: `authority: ${authority.join(", ")}` };
  return newest ? newestOf(news, claims) : undefined;
}

function byHand(
  decision: Decision,
  document: unknown,
  news: readonly Statement[],
  claims: readonly Claim[],
): Winner | undefined {
  if ("value" in decision) return { value: decision.value, because: "decided by hand" };
  if (decision.take === handMade)
    return { value: document, because: "decided by hand: the document" };
  const said = [...news, ...claims].find(({ source }) => source === decision.take);
  return said && { value: said.value, because: `decided by hand: ${decision.take}` };
}

function newestOf(news: readonly Statement[], claims: readonly Claim[]): Winner | undefined {
  const all = [
    ...news.map(({ value, asOf }) => ({ value, at: asOf })),
    ...claims
      .filter(
        ({ source, state }) => state === "agreed" && !news.some((one) => one.source === source),
      )
      .map(({ value, observedAt }) => ({ value, at: observedAt })),
  ].toSorted((a, b) => (a.at > b.at ? -1 : 1));
  const [first, second] = all;
  if (
    first === undefined ||
    (second !== undefined && second.at === first.at && !same(first.value, second.value))
  )
    return undefined;
  return { value: first.value, because: `the newest, of ${first.at.slice(0, 10)}` };
}
