/** The inventory as each user sees it. Grants are compiled once a second per user: what changes in roles, teams or types counts within that time. */
import {
  compileGrants,
  factsIn,
  type GrantContext,
  type Granted,
  type UserFacts,
} from "../inventory/access.ts";
import { InventoryError } from "../inventory/problem.ts";
import type { Named } from "../inventory/query.ts";
import { namedIn, readCondition, type Condition } from "../inventory/query-condition.ts";
import { requestKey, type ReferenceRequest, type Resolution } from "../inventory/references.ts";
import type { InventoryGrant } from "../model/inventory-grants.ts";
import { inventoryGrantsOf, type SourcedGrant } from "../model/inventory-rights.ts";
import type { Rights } from "../model/permissions.ts";
import type { Db } from "../store/schema.ts";
import { limitedEyes, openEyes, type Eyes } from "./inventory-eyes.ts";
import { seenNeighbourhood, seenReferring } from "./inventory-graph.ts";
import type { Inventory } from "./inventory.ts";
import { namedFor } from "./inventory-named.ts";
import { resolveReferences } from "./inventory-resolve.ts";

/** Somebody, and what that somebody's roles allow. */
export interface Viewer extends Rights {
  readonly name: string;
}

const freshMs = 1_000;

interface Remembered {
  readonly view: Promise<Inventory>;
  /** The types that it was compiled for. */
  readonly known: Inventory["known"];
  readonly until: number;
}

export class Viewers {
  readonly #whole: Inventory;
  readonly #remembered = new Map<string, Remembered>();
  readonly #unlimited = new Map<string, Inventory>();

  /** Somebody by the name of the account; undefined when there is no such account, or it is disabled. */
  readonly named: (account: string) => Promise<Viewer | undefined>;

  /** `whole`: the inventory without limits. */
  constructor(whole: Inventory, named: Viewers["named"] = () => Promise.resolve(undefined)) {
    this.#whole = whole;
    this.named = named;
  }

  /** The inventory as that user sees it. */
  as(viewer: Viewer): Promise<Inventory> {
    const grants = inventoryGrantsOf(viewer);
    if (grants === "everything") return Promise.resolve(this.#open(viewer.name));
    const key = JSON.stringify([viewer.name, viewer.roles, grants]);
    const known = this.#remembered.get(key);
    const now = performance.now();
    if (known !== undefined && known.until > now && known.known === this.#whole.known)
      return known.view;
    const view = granted(this.#whole, viewer, grants).then(({ licences }) =>
      this.#whole.as(limitedEyes(this.#whole.known, licences, viewer.name)),
    );
    if (this.#remembered.size > 1_000) this.#remembered.clear();
    this.#remembered.set(key, { view, known: this.#whole.known, until: now + freshMs });
    view.catch(() => this.#remembered.delete(key));
    return view;
  }

  /** Writes of one caller are decided together, so it is one view per name. */
  #open(name: string): Inventory {
    const known = this.#unlimited.get(name);
    if (known !== undefined) return known;
    const view = this.#whole.as(openEyes(() => this.#whole.known, name));
    if (this.#unlimited.size > 1_000) this.#unlimited.clear();
    this.#unlimited.set(name, view);
    return view;
  }

  /** What each grant of that user means here; "everything" for those whom nothing limits. */
  async granted(
    viewer: Viewer,
  ): Promise<
    "everything" | { readonly grants: readonly SourcedGrant[]; readonly granted: Granted }
  > {
    const grants = inventoryGrantsOf(viewer);
    if (grants === "everything") return grants;
    return { grants, granted: await granted(this.#whole, viewer, grants) };
  }
}

/** Compiles the grants; what their references and `$user` mean is looked up with open eyes. */
async function granted(
  whole: Inventory,
  viewer: Viewer,
  grants: readonly InventoryGrant[],
): Promise<Granted> {
  const requests = new Map<string, ReferenceRequest>();
  const collect = (request: ReferenceRequest): undefined =>
    void requests.set(requestKey(request), request);
  const facts = await factsOf(whole, viewer, grants);
  const ofGrants = grants.map((grant) => entryRequests(grant));
  for (const request of ofGrants.flat()) collect(request);
  const { known, clock, db, eyes } = whole.ground;
  const named = await namedInGrants(db, eyes, grants);
  const context = (
    resolve: (request: ReferenceRequest) => Resolution | undefined,
    entries: GrantContext["entries"],
  ): GrantContext => ({ query: { known, clock, resolve, named }, facts, entries });
  compileGrants(grants, context(collect, new Map()));
  const answers = await resolveReferences(db, [...requests.values()], { eyes, hold: false });
  const resolve = (request: ReferenceRequest): Resolution | undefined =>
    answers.get(requestKey(request));
  const entries = ofGrants.map((list, index) => {
    const found = list.map((request) => resolve(request));
    return [
      index,
      found.flatMap((one) => (one !== undefined && "id" in one ? [one.id] : [])),
    ] as const;
  });
  return compileGrants(grants, context(resolve, new Map(entries)));
}

/** The filters and groups that grants name; a fault of one grant, as a ring, must not take away the others. */
async function namedInGrants(
  db: Db,
  eyes: Eyes,
  grants: readonly InventoryGrant[],
): Promise<Named> {
  const faults = new Map<string, string>();
  const answers: Named[] = [];
  for (const { where } of grants) {
    const condition = conditionIn(where);
    if (condition === undefined || namedIn(condition).length === 0) continue;
    try {
      answers.push(await namedFor(db, [condition], { eyes, onlyProtected: true }));
    } catch (error) {
      if (!(error instanceof InventoryError)) throw error;
      for (const { what, given } of namedIn(condition))
        faults.set(JSON.stringify([what, given]), error.message);
    }
  }
  return (what, given) => {
    const problem = faults.get(JSON.stringify([what, given]));
    if (problem !== undefined) return { problem };
    const found = answers.map((ask) => ask(what, given)).find((one) => "parts" in one);
    return found ?? answers[0]?.(what, given) ?? { problem: `there is no such ${what}` };
  };
}

function conditionIn(where: unknown): Condition | undefined {
  if (where === undefined) return undefined;
  try {
    return readCondition(where);
  } catch (error) {
    if (error instanceof InventoryError) return undefined;
    throw error;
  }
}

function entryRequests({ types, entries = [] }: InventoryGrant): readonly ReferenceRequest[] {
  const to = types.includes("*") ? [] : types;
  return entries.map((given) => ({ to, given }));
}

/** What `$user…` in the conditions means for that user. */
async function factsOf(
  whole: Inventory,
  viewer: Viewer,
  grants: readonly InventoryGrant[],
): Promise<UserFacts> {
  const facts = new Map<string, unknown>([
    ["$user.name", viewer.name],
    ["$user.roles", viewer.roles],
  ]);
  const asked = new Set(grants.flatMap(({ where }) => factsAsked(where)));
  if ([...asked].every((fact) => facts.has(fact))) return facts;
  const person = await personOf(whole, viewer.name);
  if (person === undefined) return facts;
  facts.set("$user", person);
  const { entries } = await seenNeighbourhood(whole.ground, person, [], 0);
  for (const [name, value] of Object.entries(entries[0]?.doc ?? {}))
    if (!facts.has(`$user.${name}`)) facts.set(`$user.${name}`, value);
  const teams = await seenReferring(whole.ground, person, "Team", ["members", "lead"]);
  if (teams.length > 0)
    facts.set(
      "$user.teams",
      teams.map(({ id }) => id),
    );
  return facts;
}

function factsAsked(where: unknown): readonly string[] {
  const condition = conditionIn(where);
  return condition === undefined ? [] : factsIn(condition);
}

/** The person whose login, or else mail address, is the name of the account. */
async function personOf(whole: Inventory, account: string): Promise<string | undefined> {
  if (!whole.known.byName.has("Person")) return undefined;
  const { db, eyes } = whole.ground;
  for (const attribute of ["login", "mail"]) {
    const request = { to: ["Person"], given: { [attribute]: account } };
    const answers = await resolveReferences(db, [request], { eyes, hold: false });
    const answer = answers.get(requestKey(request));
    if (answer !== undefined && "id" in answer) return answer.id;
  }
  return undefined;
}
