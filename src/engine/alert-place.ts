/** Which machine an alert is about, and who answers for it, as the inventory knows. */
import type { CanonicalAlert } from "../alerts/alert.ts";
import type { AlertPlace } from "../alerts/matcher.ts";
import type { PlannedWindow } from "../alerts/suppress.ts";
import type { JsonObject } from "../model/json.ts";
import { loadNeighbourhood, loadReferring } from "../store/inventory/hosts.ts";
import { responsibleOf } from "./inventory-owner.ts";
import type { Inventory } from "./inventory.ts";

export interface FoundPlace extends AlertPlace {
  /** For people and workflows: `{kind, via, person, team, leader, notes}`; null when the inventory knows nobody at all. */
  readonly responsible: JsonObject | null;
  /** Maintenance windows of the inventory for the machine or what it belongs to, past ones aside. */
  readonly planned: readonly PlannedWindow[];
}

/** What an entry belongs to, for conditions on alerts. */
const belonging = ["service", "nodeset", "environment", "role", "rack"];
/** A storm of mails about one machine asks once. */
const rememberMs = 3_000;
const mostRemembered = 500;

export type FindPlace = (alert: CanonicalAlert) => Promise<FoundPlace>;

/** Looks machines up by what the message says of them: name, then address, asset number, serial number, rack and unit. */
export function placeFinder(inventory: () => Inventory): FindPlace {
  const known = new Map<string, { readonly at: number; readonly place: Promise<FoundPlace> }>();
  return (alert) => {
    const words = wordsOf(alert);
    const key = JSON.stringify(words);
    const found = known.get(key);
    if (found !== undefined && Date.now() - found.at < rememberMs) return found.place;
    if (known.size >= mostRemembered) known.clear();
    const place = lookUp(inventory(), words);
    known.set(key, { at: Date.now(), place });
    // A failure is told to who asked, and not remembered.
    place.catch(() => known.delete(key));
    return place;
  };
}

function wordsOf({ host_raw, labels }: CanonicalAlert): readonly string[] {
  const words = [host_raw, labels["address"], labels["asset"], labels["serial"], labels["place"]];
  return [...new Set(words.filter((word) => word !== undefined && word !== ""))].map(String);
}

async function lookUp(inventory: Inventory, words: readonly string[]): Promise<FoundPlace> {
  for (const word of words) {
    const found = await inventory.findHost(word);
    if (found.found) return placeAt(inventory, found.host);
  }
  const owner = await ownerOf(inventory, words[0] ?? "?");
  return { entity: null, belongs: [], planned: [], ...owner };
}

async function placeAt(
  inventory: Inventory,
  { id, type, name }: { readonly id: string; readonly type: string; readonly name: string },
): Promise<FoundPlace> {
  const { entries } = await loadNeighbourhood(inventory.ground.db, id, belonging, 1);
  const others = entries.filter((entry) => entry.id !== id);
  const ids = [id, ...others.map((entry) => entry.id)];
  return {
    entity: { id, type, name },
    belongs: others.flatMap((entry) => [entry.id, entry.name]),
    planned: await plannedFor(inventory, ids),
    ...(await ownerOf(inventory, id)),
  };
}

async function plannedFor(
  inventory: Inventory,
  ids: readonly string[],
): Promise<readonly PlannedWindow[]> {
  const found = await loadReferring(inventory.ground.db, ids, "MaintenanceWindow", "targets");
  return found.flatMap(({ id, name, doc: { start, end, suppress, status } }): PlannedWindow[] => {
    if (suppress === false || status === "retired") return [];
    const [from, to] = [Date.parse(String(start)), Date.parse(String(end))];
    return Date.now() < to ? [{ id, name, start: from, end: to }] : [];
  });
}

async function ownerOf(
  inventory: Inventory,
  host: string,
): Promise<Pick<FoundPlace, "owner" | "team" | "responsible">> {
  const answer = await inventory.findOwner(host);
  return {
    owner: answer.person?.login ?? null,
    team: answer.team?.code ?? null,
    responsible: responsibleOf(answer),
  };
}
