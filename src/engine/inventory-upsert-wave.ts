/** One transaction of an upsert: as many items as can be settled together. */
import { typeNamed, type Catalogue, type KnownType } from "../inventory/catalogue.ts";
import type { Lock } from "../inventory/lock.ts";
import { patchDocument, sameJson } from "../inventory/patch.ts";
import { InventoryError, invalidEntry } from "../inventory/problem.ts";
import { referencesIn, requestKey, type ReferenceRequest } from "../inventory/references.ts";
import { matchProbes } from "../inventory/upsert.ts";
import { isObject } from "../model/json.ts";
import { keyText, loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
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
import { check, decide, type Author, type Decided, type Draft } from "./inventory-write.ts";

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
  const steps = typed.flatMap((one) => canonical(one, resolutions, { fail, final }));
  const { targets, free } = await findTargets(db, { steps, eyes }, fail);
  const stored = await loadEntries(
    db,
    [...new Set(targets.values())].filter((id) => id !== "").toSorted(),
    "write",
  );
  refuseMisaimed({ steps, targets, stored }, fail);
  await refuseHidden(db, { steps, targets, stored, eyes }, fail);
  const resolved = resolvedOnes(requests, resolutions);
  const { drafts, later } = draftsOf(steps, targets, { stored, known, eyes, resolved });
  const decided = await decide(
    db,
    drafts.map(({ draft }) => draft),
    known,
    free,
  );
  const { settled: own, conflicting } = withoutSharedKeys(drafts, decided);
  const settled = await heeded(db, own, { known, editor: asked.editor });
  for (const { step, decision, locks } of settled)
    results.set(step.index, {
      ...outcome(decision, step.type),
      ...(locks.length === 0 ? {} : { locked: locks }),
    });
  const open = changeset.open === true || results.size < left;
  const written = await apply(
    db,
    known,
    settled.map(({ decision }) => decision),
    { ...changeset, open },
  );
  await insistOnReach(
    db,
    settled.map(({ decision }) => decision),
  );
  await asked.settled?.(db, results);
  return { results, written, open, waiting: later + conflicting };
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

function canonical(
  one: Waiting & { readonly type: KnownType },
  resolutions: Resolutions,
  { fail, final }: { fail: Fail; final: boolean },
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
      },
    ];
  const unresolved = [...resolutions.values()].some((answer) => "problem" in answer);
  if (!unresolved || final)
    fail(
      one,
      invalidEntry(type.name, [
        ...("problems" in set ? set.problems : []),
        ...("problems" in setOnce ? setOnce.problems : []),
      ]),
    );
  return [];
}

interface StepDraft {
  readonly step: Step;
  readonly draft: Draft;
}

/** Two items about one entry go one after the other: the later one waits for the next wave. */
function draftsOf(
  steps: readonly Step[],
  targets: ReadonlyMap<number, string>,
  {
    stored,
    known,
    eyes,
    resolved,
  }: {
    readonly stored: ReadonlyMap<string, EntryRow>;
    readonly known: Catalogue;
    readonly eyes: Eyes;
    readonly resolved: ReadonlySet<string>;
  },
): { drafts: readonly StepDraft[]; later: number } {
  const taken = new Set<string>();
  const drafts: StepDraft[] = [];
  let later = 0;
  for (const step of steps) {
    const target = targets.get(step.index);
    if (target === undefined) continue;
    const before = stored.get(target);
    if (taken.has(target) || (target !== "" && before?.deletedAt !== null)) later += 1;
    else {
      if (target !== "") taken.add(target);
      const type = known.byId.get(step.type.id) ?? step.type;
      drafts.push({ step, draft: { ...draftOf(step, type, before), eyes, resolved } });
    }
  }
  return { drafts, later };
}

function draftOf(
  { set, setOnce, item, index }: Step,
  type: KnownType,
  before: EntryRow | undefined,
): Omit<Draft, "eyes"> {
  const merged = patchDocument({ ...setOnce, ...before?.doc }, set);
  const added = Object.entries(item.add).map(([name, values]) => {
    const present = merged[name];
    const old: readonly unknown[] = Array.isArray(present) ? present : [];
    const fresh = values.filter((value) => !old.some((one) => sameJson(one, value)));
    return [name, [...old, ...fresh]];
  });
  return {
    id: before?.id ?? uuidv7(),
    type,
    op: before === undefined ? "I" : "U",
    before,
    document: { ...merged, ...Object.fromEntries(added) },
    place: index,
  };
}

/** Of several items that want the same key, the first has it; the others see that in the next wave, as do those that lost a race. */
function withoutSharedKeys(drafts: readonly StepDraft[], decided: readonly Decided[]) {
  const taken = new Set<string>();
  let conflicting = 0;
  const settled = decided.flatMap((decision, index) => {
    const step = drafts[index]?.step;
    if (step === undefined) return [];
    const keys =
      decision.kind === "change"
        ? decision.change.derived.keys.added.map((key) =>
            keyText({ type_id: decision.change.typeId, ...key }),
          )
        : [];
    if (keys.some((key) => taken.has(key)) || wasCreatedMeanwhile(step, decision)) {
      conflicting += 1;
      return [];
    }
    for (const key of keys) taken.add(key);
    return [{ step, decision }];
  });
  return { settled, conflicting };
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
