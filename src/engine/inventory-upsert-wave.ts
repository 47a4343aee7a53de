/** One transaction of an upsert: as many items as can be settled together. */
import { typeNamed, type Catalogue, type KnownType } from "../inventory/catalogue.ts";
import type { Lock } from "../inventory/lock.ts";
import { InventoryError, invalidEntry } from "../inventory/problem.ts";
import { referencesIn, requestKey, type ReferenceRequest } from "../inventory/references.ts";
import { matchProbes, type UpsertItem } from "../inventory/upsert.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { keyText, loadEntries } from "../store/inventory/entries.ts";
import type { ChangesetRow } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import type { Eyes } from "./inventory-eyes.ts";
import { heedLocks } from "./inventory-locks.ts";
import { insistOnReach } from "./inventory-permit.ts";
import { resolveReferences, type Resolutions } from "./inventory-resolve.ts";
import {
  findTargets,
  refuseHidden,
  refuseMisaimed,
  type Fail,
  type Step,
  type Waiting,
} from "./inventory-upsert-target.ts";
import { apply } from "./inventory-recompute.ts";
import { failure, outcome, type UpsertResult } from "./inventory-upsert-result.ts";
import { inTurn, type StepDraft } from "./inventory-upsert-turn.ts";
import { check, decide, type Author, type Decided } from "./inventory-write.ts";

/** Called in the transaction that writes them, with what became of the items of a wave, by their index. */
export type Settled = (tx: Db, results: ReadonlyMap<number, UpsertResult>) => Promise<void>;

/** Items that a write showed to lead out of the caller's reach, with what was said. */
export type Denied = ReadonlyMap<number, InventoryError>;

interface Wave {
  readonly known: Catalogue;
  readonly eyes: Eyes;
  readonly denied: Denied;
  readonly changeset: ChangesetRow;
  readonly wave: readonly Waiting[];
  /** Nothing more can be waited for: what does not resolve now is an error. */
  readonly final: boolean;
  /** Items that have no result yet, those of the wave among them. */
  readonly left: number;
  readonly settled: Settled | undefined;
  readonly editor: Author | undefined;
  /** Entries and keys that earlier items are about which wait; undefined: the order of the call does not count. */
  readonly behind: ReadonlySet<string> | undefined;
}

/** Does what can be done of it; items without a result wait for the next wave. */
export async function runWave(db: Db, asked: Wave) {
  const { known, eyes, denied, changeset, wave, final, left } = asked;
  const results = new Map<number, UpsertResult>();
  const fail = ({ index }: Waiting, error: InventoryError): void => {
    results.set(index, failure(error));
  };
  for (const waiting of wave) {
    const error = denied.get(waiting.index);
    if (error !== undefined) fail(waiting, error);
  }
  const within = wave.filter(({ index }) => !denied.has(index));
  const typed = within.flatMap((waiting) => withType(eyes.known, waiting, fail));
  const requests = typed.flatMap(({ type, item }) => [
    ...referencesIn(type, item.set),
    ...referencesIn(type, item.setOnce),
  ]);
  const resolutions = await resolveReferences(db, requests, { eyes, hold: true });
  const waits = !final && [...resolutions.values()].some((answer) => "problem" in answer);
  const all = typed.flatMap((one) => canonical(one, resolutions, { fail, waits }));
  const steps = all.filter(({ unresolved }) => unresolved.size === 0);
  const { targets, free } = await findTargets(db, { steps, eyes }, fail);
  const stored = await loadEntries(
    db,
    [...new Set(targets.values())].filter((id) => id !== "").toSorted(),
    "write",
  );
  refuseMisaimed({ steps, targets, stored }, fail);
  await refuseHidden(db, { steps, targets, stored, eyes }, fail);
  const resolved = resolvedOnes(requests, resolutions);
  const { drafts, behind } = await inTurn(db, all, {
    targets,
    stored,
    known,
    eyes,
    resolved,
    before: asked.behind,
  });
  const decided = await decide(
    db,
    drafts.map(({ draft }) => draft),
    known,
    free,
  );
  const own = withoutSharedKeys(drafts, decided);
  const settled = await heeded(db, own, { known, editor: asked.editor });
  for (const { step, decision, locks } of settled)
    results.set(step.index, {
      ...outcome(decision, step.type),
      ...(locks.length === 0 ? {} : { locked: locks }),
    });
  const open = changeset.open === true || results.size < left;
  const decisions = settled.map(({ decision }) => decision);
  const written = await apply(db, known, decisions, { ...changeset, open });
  await insistOnReach(db, decisions);
  await asked.settled?.(db, results);
  return { results, written, open, behind, held: targets.size - drafts.length };
}

/** What was decided, as far as other sources let it be. */
async function heeded(
  db: Db,
  settled: readonly { readonly step: Step; readonly decision: Decided }[],
  { known, editor }: { readonly known: Catalogue; readonly editor: Author | undefined },
): Promise<readonly { step: Step; decision: Decided; locks: readonly Lock[] }[]> {
  if (editor === undefined) return settled.map((one) => ({ ...one, locks: [] }));
  const edits = settled.map(({ decision }) => ({ decided: decision, author: editor }));
  const told = await heedLocks(db, known, edits);
  return settled.map(({ step, decision }, index) => {
    const { decided = decision, locks = [] } = told[index] ?? {};
    return { step, decision: decided, locks };
  });
}

/** What the requests became: the same references by id need no second look. */
function resolvedOnes(
  requests: readonly ReferenceRequest[],
  resolutions: Resolutions,
): ReadonlySet<string> {
  const resolved = new Set<string>();
  const seen = new Set<string>();
  for (const request of requests) {
    const key = requestKey(request);
    if (seen.has(key)) continue;
    seen.add(key);
    const answer = resolutions.get(key);
    if (answer !== undefined && "id" in answer)
      resolved.add(requestKey({ to: request.to, given: answer.id }));
  }
  return resolved;
}

function withType(known: Catalogue, waiting: Waiting, fail: Fail) {
  try {
    return [{ ...waiting, type: typeNamed(known, waiting.item.type) }];
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    fail(waiting, error);
    return [];
  }
}

/** The item with canonical values; while something may still be waited for, also one whose references mean nothing yet. */
function canonical(
  one: Waiting & { readonly type: KnownType },
  resolutions: Resolutions,
  { fail, waits }: { readonly fail: Fail; readonly waits: boolean },
): Step[] {
  const { type, item } = one;
  const removed = Object.entries(item.set).filter(([, value]) => value === null);
  const set = check(type, item.set, resolutions, "part");
  const setOnce = check(type, item.setOnce, resolutions, "part");
  if ("document" in set && "document" in setOnce)
    return [
      {
        ...one,
        set: { ...set.document, ...Object.fromEntries(removed) },
        setOnce: setOnce.document,
        unresolved: nothing,
      },
    ];
  const problems = [
    ...("problems" in set ? set.problems : []),
    ...("problems" in setOnce ? setOnce.problems : []),
  ];
  if (!waits) fail(one, invalidEntry(type.name, problems));
  const unresolved = new Set(problems.map(({ path }) => path.replace(/[.[].*$/, "")));
  return waits ? [{ ...one, ...partsOf(one, unresolved, resolutions), unresolved }] : [];
}

const nothing: ReadonlySet<string> = new Set();

/** What is known of an item already, without the attributes that mean nothing yet. */
function partsOf(
  { type, item }: { readonly type: KnownType; readonly item: UpsertItem },
  unresolved: ReadonlySet<string>,
  resolutions: Resolutions,
): Pick<Step, "set" | "setOnce"> {
  const part = (given: JsonObject): JsonObject => {
    const known = Object.entries(given).filter(([name]) => !unresolved.has(name));
    const checked = check(type, Object.fromEntries(known), resolutions, "part");
    return "document" in checked ? checked.document : {};
  };
  return { set: part(item.set), setOnce: part(item.setOnce) };
}

/** Of several items that want the same key, the first has it; the others see that in the next wave, as do those that lost a race. */
function withoutSharedKeys(drafts: readonly StepDraft[], decided: readonly Decided[]) {
  const taken = new Set<string>();
  return decided.flatMap((decision, index) => {
    const step = drafts[index]?.step;
    if (step === undefined) return [];
    const keys =
      decision.kind === "change"
        ? decision.change.derived.keys.added.map((key) =>
            keyText({ type_id: decision.change.typeId, ...key }),
          )
        : [];
    if (keys.some((key) => taken.has(key)) || wasCreatedMeanwhile(step, decision)) return [];
    for (const key of keys) taken.add(key);
    return [{ step, decision }];
  });
}

/** A match found nothing, and yet its key is taken: somebody else created the entry between the two looks. The next wave finds it. */
function wasCreatedMeanwhile({ type, item, set, setOnce }: Step, decision: Decided): boolean {
  if (decision.kind !== "refused" || decision.draft.op !== "I") return false;
  const { conflicts } = decision.error.details;
  const probes = matchProbes(type, item.match, { ...setOnce, ...set });
  const matched = new Set<unknown>(probes.map(({ key }) => key?.key_name));
  return (
    Array.isArray(conflicts) && conflicts.some((one) => isObject(one) && matched.has(one["key"]))
  );
}
