/** How many executions of each kind a batch of units adds: rows of `execution_change`. Counted here, where the facets are at hand, and not by
 * the database, which would have to copy every row and read its JSON again. */
import type { Columns } from "./columns.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { ExecutionRow, FinishedRow, Unit } from "./unit.ts";

/** `given`: counts only if that trigger instance is new. */
interface TallyRow {
  readonly action: string;
  readonly runner: string;
  readonly status: string;
  readonly user: string;
  readonly rule: string;
  readonly trigger: string;
  readonly root: boolean;
  readonly span: string;
  n: number;
  readonly given?: string | undefined;
}

export const tallyColumns: Columns<TallyRow> = {
  action: "text",
  runner: "text",
  status: "text",
  user: "text",
  rule: "text",
  trigger: "text",
  root: "boolean",
  span: "text",
  n: "bigint",
  given: "text",
};

/** SQL of the rows; `guarded`: some trigger instances may be known deliveries, whose executions are not written. */
export function tallyClause(rows: string, guarded: boolean): string {
  return `insert into execution_change (action, runner, status, "user", rule, trigger, root, span, n)
    select action, runner, status, "user", rule, trigger, root, span, ${guarded ? "sum(n)" : "n"}
    from ${rows} as r
    ${guarded ? "where r.given is null or r.given not in (select id from known) group by 1, 2, 3, 4, 5, 6, 7, 8" : ""}`;
}

/** Digits of an id that name its span of time: 256 s. */
const spanDigits = 6;

function nameIn(context: JsonObject, key: string): string {
  const part = context[key];
  const name = isObject(part) ? part["name"] : undefined;
  return typeof name === "string" ? name : "";
}

interface Added {
  readonly id: string;
  readonly action: string;
  readonly runner: string;
  readonly status: string;
  readonly context: JsonObject | undefined;
  readonly root: boolean;
  readonly given: string | undefined;
}

function fromFinished(row: FinishedRow): Added {
  const { i, action, runner, c, parent, n } = row;
  return {
    id: i,
    action,
    runner,
    status: "succeeded",
    context: c,
    root: parent === undefined,
    given: n,
  };
}

function fromRow(row: ExecutionRow): Added {
  const { id, action, runner, status, context, parent, instance } = row;
  return { id, action, runner, status, context, root: parent === undefined, given: instance };
}

/** Instances that may be known deliveries. */
function keyed(units: readonly Unit[]): ReadonlySet<string> {
  return new Set(
    units.flatMap(({ instances = [] }) =>
      instances.filter(({ dedupe_key }) => dedupe_key !== undefined).map(({ id }) => id),
    ),
  );
}

class Tally {
  readonly #rows = new Map<string, TallyRow>();
  readonly #keyed: ReadonlySet<string>;

  constructor(units: readonly Unit[]) {
    this.#keyed = keyed(units);
  }

  add({ id, action, runner, status, context, root, given }: Added): void {
    const user = context?.["user"];
    const who = typeof user === "string" ? user : "";
    const rule = context === undefined ? "" : nameIn(context, "rule");
    const trigger = context === undefined ? "" : nameIn(context, "trigger_instance");
    const span = id.slice(0, spanDigits);
    const on = given !== undefined && this.#keyed.has(given) ? given : undefined;
    const key = `${action}\n${runner}\n${status}\n${who}\n${rule}\n${trigger}\n${root}\n${span}\n${on ?? ""}`;
    const known = this.#rows.get(key);
    if (known !== undefined) known.n += 1;
    else
      this.#rows.set(key, {
        action,
        runner,
        status,
        user: who,
        rule,
        trigger,
        root,
        span,
        n: 1,
        given: on,
      });
  }

  rows(): readonly TallyRow[] {
    return [...this.#rows.values()];
  }
}

/** One row for each kind; none when the units add no executions. */
export function tallyOf(units: readonly Unit[]): readonly TallyRow[] {
  const tally = new Tally(units);
  for (const { finished = [], executions = [] } of units) {
    for (const row of finished) tally.add(fromFinished(row));
    for (const row of executions) tally.add(fromRow(row));
  }
  return tally.rows();
}
