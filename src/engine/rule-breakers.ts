/** Rules that go round and are held off what they lead to, as people see them. */
import { isUuid } from "../inventory/attribute-types.ts";
import { AppError } from "../model/errors.ts";
import { closeLoop, findLoop, listLoops, type LoopRow } from "../store/breakers.ts";
import type { Core } from "./core.ts";

const mostListed = 1_000;

function view({ id, rule, firings, seconds, ...times }: LoopRow) {
  return {
    id,
    rule,
    firings,
    seconds,
    opened_at: times.openedAt.toISOString(),
    until: times.until?.toISOString() ?? null,
    reset_at: times.resetAt?.toISOString() ?? null,
    reset_by: times.resetBy,
  };
}

/** Those that are held off, newest first; `all`: also those that were. */
export async function ruleBreakers(
  { database }: Pick<Core, "database">,
  { all }: { readonly all: boolean },
): Promise<readonly ReturnType<typeof view>[]> {
  return (await listLoops(database.db, { all, limit: mostListed })).map(view);
}

/** The rule that such a breaker is about; undefined when there is none of that id. */
export async function ruleOfBreaker(
  { database }: Pick<Core, "database">,
  id: string,
): Promise<string | undefined> {
  return isUuid(id) ? findLoop(database.db, id) : undefined;
}

/** Lets the rule fire again, in all processes at once. Throws NOT_FOUND. */
export async function resetRuleBreaker(
  core: Pick<Core, "database" | "bells">,
  id: string,
  by: string,
): Promise<ReturnType<typeof view>> {
  const row = isUuid(id) ? await closeLoop(core.database.db, id, by) : undefined;
  if (row === undefined) throw new AppError("NOT_FOUND", [`There is no open breaker "${id}".`]);
  core.bells.ring({ kind: "breaker", id });
  return view(row);
}
