import { isUuid } from "../inventory/attribute-types.ts";
import {
  leadOf,
  pathAttributes,
  personView,
  resolveOwner,
  strangerView,
  teamView,
  type Graph,
  type GraphEntry,
  type Ownership,
  type OwnerSettings,
  type PersonView,
  type TeamView,
} from "../inventory/owner.ts";
import type { JsonObject } from "../model/json.ts";
import { requestKey } from "../inventory/references.ts";
import { seenNeighbourhood, seenReferring } from "./inventory-graph.ts";
import type { Ground } from "./inventory-history.ts";
import { findHost } from "./inventory-host.ts";
import { resolveReferences } from "./inventory-resolve.ts";

export type { OwnerSettings } from "../inventory/owner.ts";

export interface OwnerAnswer {
  readonly kind: "person" | "team" | "unknown";
  /** Path that led to the owner (`service.owner`), or `none`. */
  readonly via: string;
  readonly person: PersonView | null;
  readonly team: TeamView | null;
  /** Who decides when no person is known: the team's lead, else the configured leader. */
  readonly leader: PersonView | null;
  readonly leader_via: "team.lead" | "default_leader" | "none";
  readonly host: { readonly id: string; readonly type: string; readonly name: string } | null;
  /** Why nobody, or not the first one found. */
  readonly notes: readonly string[];
}

/** The answer as alerts and tickets keep it. */
export function responsibleOf({ kind, via, person, team, leader, notes }: OwnerAnswer): JsonObject {
  return {
    kind,
    via,
    person: person && { ...person },
    team: team && { ...team },
    leader: leader && { ...leader },
    notes: [...notes],
  };
}

type Where = Pick<Ground, "db" | "eyes" | "clock">;

/** `host` is an entry's id, or whatever `findHost` understands. An unknown host has an unknown owner and the default leader. */
export async function findOwner(
  ground: Where,
  host: string,
  settings: OwnerSettings,
): Promise<OwnerAnswer> {
  const { id, note } = await hostId(ground, host);
  const graph = await around(ground, id, settings);
  const start = graph.entries.get(id);
  const owner = resolveOwner(graph, id, settings);
  const { team, lead } = await teamAndLead(ground, graph, owner);
  const missing = note === "" && start === undefined ? [`there is no entry ${id}`] : [];
  return {
    kind: owner.kind,
    via: owner.via,
    person: owner.person === undefined ? null : personView(owner.person),
    team: team === undefined ? null : teamView(team),
    ...(await leaderOf(ground, lead, settings)),
    host: start === undefined ? null : { id: start.id, type: start.type, name: start.name },
    notes: [
      ...(note === "" ? [] : [note]),
      ...missing,
      ...owner.skipped.map(({ via, name, reason }) => `${via}: ${name} ${reason}`),
    ],
  };
}

/** What the owner paths can reach; empty for an unknown host, whose id is "". */
async function around(ground: Where, id: string, settings: OwnerSettings): Promise<Graph> {
  if (id === "") return { entries: new Map(), edges: [] };
  const longest = Math.max(...settings.paths.map((path) => path.split(".").length));
  return graphOf(await seenNeighbourhood(ground, id, pathAttributes(settings), longest + 1));
}

function graphOf({ entries, edges }: Awaited<ReturnType<typeof seenNeighbourhood>>): Graph {
  return { entries: new Map(entries.map((entry) => [entry.id, entry])), edges };
}

async function leaderOf(
  ground: Where,
  lead: GraphEntry | undefined,
  settings: OwnerSettings,
): Promise<Pick<OwnerAnswer, "leader" | "leader_via">> {
  if (lead !== undefined) return { leader: personView(lead), leader_via: "team.lead" };
  const leader = await defaultLeader(ground, settings);
  return leader === undefined
    ? { leader: null, leader_via: "none" }
    : { leader, leader_via: "default_leader" };
}

async function hostId(ground: Where, text: string): Promise<{ id: string; note: string }> {
  if (isUuid(text)) return { id: text.toLowerCase(), note: "" };
  const found = await findHost(ground, text);
  return found.found ? { id: found.host.id, note: "" } : { id: "", note: found.reason };
}

/** The owning team, or the one team that the owning person belongs to; and its lead. */
async function teamAndLead(
  ground: Where,
  graph: Graph,
  { person, team }: Ownership,
): Promise<{ team: GraphEntry | undefined; lead: GraphEntry | undefined }> {
  if (person === undefined) return { team, lead: leadOf(graph, team) };
  const teams = await seenReferring(ground, person.id, "Team", ["members", "lead"]);
  const [own] = teams;
  if (own === undefined || teams.length > 1) return { team: undefined, lead: undefined };
  return {
    team: own,
    lead: leadOf(graphOf(await seenNeighbourhood(ground, own.id, ["lead"], 1)), own),
  };
}

async function defaultLeader(
  ground: Where,
  { defaultLeader: given }: OwnerSettings,
): Promise<PersonView | undefined> {
  if (given === undefined) return undefined;
  const request = { to: ["Person"], given };
  const answer = (
    await resolveReferences(ground.db, [request], { eyes: ground.eyes, hold: false })
  ).get(requestKey(request));
  if (answer === undefined || !("id" in answer)) return strangerView(given);
  const { entries } = await seenNeighbourhood(ground, answer.id, [], 0);
  const [entry] = entries;
  return entry === undefined ? strangerView(given) : personView(entry);
}
