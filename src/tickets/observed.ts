/** How a ticket stands, from what its tracker says of it. */
import { isObject, type JsonObject } from "../model/json.ts";
import { text } from "./settings.ts";
import { stageOf, type TicketStage } from "./stage.ts";

export interface Move {
  readonly stage: TicketStage;
  readonly status: string;
  readonly at: Date;
  /** The tracker's account of who did it. */
  readonly by: string | null;
}

export interface Observed {
  readonly status: string;
  readonly stage: TicketStage;
  readonly assignee: string | null;
  readonly url: string | undefined;
  readonly summary: string | undefined;
  /** Oldest first. */
  readonly moves: readonly Move[];
}

/** `seen` = what a backend's `get` answers. */
export function observed(seen: JsonObject, statuses: JsonObject): Observed {
  const status = text(seen["status"]) ?? "";
  return {
    status,
    stage: stageOf({ status, category: text(seen["category"]) ?? "" }, statuses),
    assignee: text(seen["assignee"]) ?? null,
    url: text(seen["url"]),
    summary: text(seen["summary"]),
    moves: movesOf(seen["history"], statuses),
  };
}

function movesOf(history: unknown, statuses: JsonObject): readonly Move[] {
  const list: readonly unknown[] = Array.isArray(history) ? history : [];
  return list.filter(isObject).flatMap((move) => {
    const at = new Date(text(move["at"]) ?? "");
    if (Number.isNaN(at.getTime())) return [];
    const status = text(move["to"]) ?? "";
    const stage = stageOf({ status, category: text(move["to_category"]) ?? "" }, statuses);
    return [{ stage, status, at, by: text(move["author"]) ?? null }];
  });
}

export interface Times {
  readonly started_at: Date | null;
  readonly fixed_at: Date | null;
  readonly fixed_by: string | null;
  readonly closed_at: Date | null;
  readonly closed_by: string | null;
}

/** Who did what when. What is not in the tracker's history stays as it was known; `now` is when something was seen that has no time. */
export function timesOf({ stage, moves }: Observed, known: Times, now: Date): Times {
  // What was sent back after it was closed was fixed before.
  const fixed = moves.findLast(
    (move, index) => move.stage === "fixed" && moves[index - 1]?.stage !== "closed",
  );
  return {
    started_at: known.started_at ?? moves.find((move) => move.stage !== "open")?.at ?? null,
    fixed_at: fixed?.at ?? known.fixed_at,
    fixed_by: fixed?.by ?? known.fixed_by,
    ...(stage === "closed" ? closing(moves, known, now) : { closed_at: null, closed_by: null }),
  };
}

function closing(moves: readonly Move[], known: Times, now: Date) {
  const closed = moves.findLast((move) => move.stage === "closed");
  return {
    closed_at: closed?.at ?? known.closed_at ?? now,
    closed_by: closed?.by ?? known.closed_by,
  };
}
