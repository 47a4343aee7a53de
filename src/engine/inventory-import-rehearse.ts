/** What the store would say against a plan: what may not be read, what is not valid, what is taken. */
import type { CellProblem } from "../inventory/sheet-table.ts";
import type { EntryProblem } from "../inventory/validate.ts";
import { isObject } from "../model/json.ts";
import { mayRead } from "./inventory-eyes.ts";
import type { EntryPlan } from "./inventory-import-plan.ts";
import { rehearse } from "./inventory-rehearse.ts";
import type { ImportGround } from "./inventory-imports.ts";

/** What stands in attributes that the caller may not read must not show in differences either. */
export async function unreadable(
  service: ImportGround,
  plans: readonly EntryPlan[],
): Promise<readonly EntryPlan[]> {
  const { db, eyes } = service.ground;
  if (eyes.unlimited) return plans;
  const sights = await eyes.sights(
    db,
    plans.flatMap(({ row }) => row ?? []),
  );
  return plans.map((plan) => {
    const { row, records } = plan;
    if (row === undefined) return plan;
    const hidden = [...plan.claims.keys()].filter((name) => !mayRead(sights.get(row.id), name));
    if (hidden.length === 0) return plan;
    const [record] = records;
    const problems = hidden.map((attribute) => ({
      cell: record?.cells[attribute] ?? "",
      heading: record?.headings[attribute] ?? "",
      attribute,
      value: record?.values[attribute] ?? null,
      message: `you may not read ${attribute} of ${plan.name}`,
      expected: "a sheet without this column",
    }));
    return { ...plan, set: {}, changes: [], claims: new Map(), conflicts: [], problems };
  });
}

/** Tries what would be written, and adds what the store would say against it. */
export async function rehearsed(
  service: ImportGround,
  plans: readonly EntryPlan[],
): Promise<readonly EntryPlan[]> {
  const tried = plans.filter(
    ({ set, problems, row }) =>
      problems.length === 0 && (row === undefined || Object.keys(set).length > 0),
  );
  const errors = await rehearse(
    service.workshop,
    tried.map(({ type, row, set, records }) => {
      const pending = new Set(records.flatMap((record) => [...record.pending]));
      const sound = Object.entries(set).filter(([name]) => !pending.has(name));
      return { type: type.name, row, document: { ...row?.doc, ...Object.fromEntries(sound) } };
    }),
  );
  const wrong = new Map(tried.map((plan, index) => [plan, errors[index]]));
  return plans.map((plan) => {
    const error = wrong.get(plan);
    const problems =
      error === undefined ? [] : refusals(plan, error.message, error.details["errors"]);
    return problems.length === 0 ? plan : { ...plan, problems };
  });
}

function isProblem(value: unknown): value is EntryProblem {
  return (
    isObject(value) && typeof value["path"] === "string" && typeof value["message"] === "string"
  );
}

function refusals(plan: EntryPlan, message: string, errors: unknown): readonly CellProblem[] {
  const [record] = plan.records;
  const list = Array.isArray(errors) ? errors.filter(isProblem) : [{ path: "", message }];
  const pending = new Set(plan.records.flatMap((one) => [...one.pending]));
  return list.flatMap((problem): readonly CellProblem[] => {
    const name = problem.path.replace(/[.[].*$/, "");
    // It refers to an entry that comes with the same import.
    if (pending.has(name)) return [];
    const contested = plan.conflicts.some((one) => one.attribute === name && one.decided === null);
    return [
      {
        cell: record?.cells[name] ?? "",
        heading: record?.headings[name] ?? "",
        attribute: name,
        value: record?.values[name] ?? null,
        message: contested
          ? `${name} is required, and the sheets contradict each other: decide first`
          : problem.message,
        expected: problem.expected ?? "",
        ...withoutColumn(plan, name, problem),
      },
    ];
  });
}

/** Of a new entry, what no column of its sheets could say. */
function withoutColumn(
  { records, conflicts }: EntryPlan,
  name: string,
  { expected = "" }: EntryProblem,
): Partial<CellProblem> {
  const lacking = records.flatMap((record) => record.lacking?.[name] ?? []);
  const silent = records.length > 0 && lacking.length === records.length;
  if (!silent || conflicts.some(({ attribute }) => attribute === name)) return {};
  const near = lacking.find((heading) => heading !== "");
  return {
    message: `${name} is required, and the sheet has no column for it`,
    expected: `a column ${name}${expected === "" ? "" : `: ${expected}`}`,
    ...(near === undefined ? {} : { nearest: near }),
  };
}
