/**
 * Edits of what another source owns (`inventory/lock.ts`): told, refused, or done against the owner's word.
 *
 * Who overrides decides against that word: its claim is rejected, in the transaction of the edit, so that the same word in a later report does not
 * undo the edit. Where grants limit somebody that needs the grant `approve`. */
import type { Catalogue } from "../inventory/catalogue.ts";
import { openStates } from "../inventory/claims.ts";
import { lockOf, type Lock } from "../inventory/lock.ts";
import { InventoryError } from "../inventory/problem.ts";
import { claimsOf, saveClaims, saveSignals, type ClaimRow } from "../store/inventory/claims.ts";
import type { Db } from "../store/schema.ts";
import { driftSignal } from "./inventory-claim-book.ts";
import { changedBy, deniedOf, mayApprove } from "./inventory-permit.ts";
import { changesetOf, type Author, type Decided } from "./inventory-write.ts";

export interface Edited {
  readonly decided: Decided;
  readonly author: Author;
  /** True: it was approved by somebody who may. */
  readonly approved?: boolean;
}

export interface Heeded {
  /** As it was given, or refused. */
  readonly decided: Decided;
  /** What it edits that others own. */
  readonly locks: readonly Lock[];
}

type Change = Extract<Decided, { readonly kind: "change" }>;

/** Looks at edits before they are written. Call it in the transaction that writes them. */
export async function heedLocks(
  tx: Db,
  known: Catalogue,
  edits: readonly Edited[],
): Promise<readonly Heeded[]> {
  const asked = new Map(
    edits.flatMap(({ decided }) => {
      const names = decided.kind === "change" ? ownable(known, decided) : [];
      return names.length === 0 ? [] : [[decided, names] as const];
    }),
  );
  const claims = Map.groupBy(
    asked.size === 0
      ? []
      : await claimsOf(
          tx,
          [...asked.keys()].map(({ draft }) => draft.id),
          [...new Set([...asked.values()].flat())],
        ),
    ({ entryId }) => entryId,
  );
  const heeded: Heeded[] = [];
  for (const edited of edits) {
    const own = claims.get(edited.decided.draft.id) ?? [];
    const names = own.length === 0 ? [] : (asked.get(edited.decided) ?? []);
    heeded.push(await heed(tx, known, edited, { names, claims: own }));
  }
  return heeded;
}

/** What the edit changes that a source might own. */
function ownable(known: Catalogue, one: Change): readonly string[] {
  const { draft } = one;
  if (draft.op !== "U") return [];
  const adopted = [...known.sources.values()].some(({ rules }) =>
    rules.some(({ policy }) => policy === "adopt"),
  );
  return changedBy(one).filter(
    (name) => adopted || (draft.type.attributes.get(name)?.authority.length ?? 0) > 0,
  );
}

interface Said {
  readonly names: readonly string[];
  readonly claims: readonly ClaimRow[];
}

async function heed(
  tx: Db,
  known: Catalogue,
  { decided, author, approved }: Edited,
  { names, claims }: Said,
): Promise<Heeded> {
  if (decided.kind !== "change" || names.length === 0) return { decided, locks: [] };
  const { draft, change } = decided;
  const lockIn = (name: string, said: readonly ClaimRow[]): Lock | undefined => {
    const attribute = draft.type.attributes.get(name);
    return attribute === undefined
      ? undefined
      : lockOf({
          type: draft.type.name,
          attribute,
          claims: said.filter(({ attr }) => attr === name),
          sources: known.sources,
          source: author.source,
          value: change.doc[name],
        });
  };
  const locks = names.flatMap((name) => lockIn(name, claims) ?? []);
  if (locks.length === 0) return { decided, locks };
  if (author.override !== true) {
    const refused = locks.filter(({ edits }) => edits === "refuse");
    return refused.length === 0
      ? { decided, locks }
      : { decided: { kind: "refused", draft, error: lockedError(change.name, locks) }, locks };
  }
  const denied = approved === true ? undefined : await denial(tx, decided, locks);
  if (denied !== undefined) return { decided: { kind: "refused", draft, error: denied }, locks };
  for (const name of names) {
    let left = claims;
    for (let lock = lockIn(name, left); lock !== undefined; lock = lockIn(name, left)) {
      const owner = lock.locked_by;
      const isOwners = ({ attr, source }: ClaimRow): boolean => attr === name && source === owner;
      const claim = left.find(isOwners);
      if (claim === undefined) break;
      await overrule(tx, { decided, author, claim, policy: lock.policy });
      left = left.filter((one) => !isOwners(one));
    }
  }
  return { decided, locks: locks.map(overruled) };
}

function overruled(lock: Lock): Lock {
  const said = JSON.stringify(lock.value);
  const message = `${lock.locked_by} owns ${lock.attribute} and says ${said}; that is overridden now`;
  return { ...lock, message };
}

async function denial(
  tx: Db,
  { draft }: Change,
  locks: readonly Lock[],
): Promise<InventoryError | undefined> {
  const { eyes, before } = draft;
  if (eyes === undefined || eyes.unlimited || before === undefined) return undefined;
  const allowed = (await eyes.sights(tx, [before])).get(before.id);
  const denied = locks.filter(({ attribute }) => !mayApprove(allowed, attribute));
  if (denied.length === 0) return undefined;
  const what = denied.map(({ attribute }) => attribute).join(", ");
  return deniedOf("approve", `${what} of ${before.name}, as an override would`);
}

function lockedError(name: string, locks: readonly Lock[]): InventoryError {
  const owners = locks
    .filter(({ edits }) => edits === "refuse")
    .map(
      ({ attribute, locked_by: source, value }) =>
        `${attribute} is owned by ${source}, which says ${JSON.stringify(value)}`,
    );
  return new InventoryError(
    "INVENTORY_LOCKED",
    [`${name} stays as it is: ${owners.join("; ")}. Change it there, or override it.`],
    { locked: locks },
  );
}

async function overrule(
  tx: Db,
  {
    decided: { draft, change },
    author,
    claim,
    policy,
  }: {
    readonly decided: Change;
    readonly author: Author;
    readonly claim: ClaimRow;
    readonly policy: string;
  },
): Promise<void> {
  const rejected = {
    ...claim,
    state: "rejected" as const,
    since: new Date().toISOString(),
    decidedBy: author.actor,
    note: author.reason ?? "overridden by hand",
  };
  await saveClaims(tx, [rejected]);
  const wasOpen = openStates.includes(claim.state);
  await saveSignals(
    tx,
    driftSignal({
      subject: { id: draft.id, type: draft.type.name, name: change.name },
      attribute: claim.attr,
      verdict: { claim: rejected, write: false, signal: wasOpen ? "resolved" : undefined },
      policy,
      document: change.doc[claim.attr],
      changeset: changesetOf(author),
      written: false,
    }),
  );
}
