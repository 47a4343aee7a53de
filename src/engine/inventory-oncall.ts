/** Who is on duty for a machine: the rota of the team that answers for it. */
import { onDuty } from "../inventory/oncall.ts";
import type { PersonView } from "../inventory/owner.ts";
import { livingEntry } from "./inventory-exposure.ts";
import type { Inventory } from "./inventory.ts";
import type { EntryReference, EntryView } from "./inventory-view.ts";

export interface OncallAnswer {
  readonly team: { readonly id: string; readonly name: string } | null;
  readonly rota: { readonly id: string; readonly name: string } | null;
  /** By the rotation; nobody or one. */
  readonly now: readonly PersonView[];
  /** Who comes after that, in order; of a team, its lead. */
  readonly escalation: readonly PersonView[];
  /** Why nobody, or not everybody. */
  readonly notes: readonly string[];
}

/** `host` is an entry's id, or whatever `findHost` understands. */
export async function findOncall(inventory: Inventory, host: string): Promise<OncallAnswer> {
  const { team, notes: why } = await inventory.findOwner(host);
  const nobody = { team: null, rota: null, now: [], escalation: [] };
  if (team === null) return { ...nobody, notes: [...why, "no team answers for it"] };
  const own = { id: team.id, name: team.name };
  const [reference] = referencesOf(await livingEntry(inventory, team.id), "oncall");
  const rota = reference === undefined ? undefined : await livingEntry(inventory, reference.id);
  if (rota === undefined || rota.attributes["status"] === "retired")
    return { ...nobody, team: own, notes: [`${team.name} has no rota`] };
  const notes: string[] = [];
  const people = (entries: readonly (EntryView | undefined)[]) => present(entries, notes);
  const now = await dutyOf(inventory, rota, notes);
  const escalation = [];
  for (const { id, type } of referencesOf(rota, "escalation")) {
    const entry = await livingEntry(inventory, id);
    const [lead] = type === "Team" ? referencesOf(entry, "lead") : [];
    escalation.push(lead === undefined ? entry : await livingEntry(inventory, lead.id));
  }
  const named = { id: rota.id, name: rota.name };
  return { team: own, rota: named, now: people([now]), escalation: people(escalation), notes };
}

async function dutyOf(
  inventory: Inventory,
  rota: EntryView,
  notes: string[],
): Promise<EntryView | undefined> {
  const { now, today, midnight } = inventory.clock;
  const offsetMs = Date.parse(`${today}T00:00:00Z`) - Date.parse(midnight);
  const { login, note } = onDuty(rota.attributes["rotation"], Date.parse(now), offsetMs);
  if (note !== "") notes.push(`${rota.name}: ${note}`);
  if (login === undefined) return undefined;
  const { entries } = await inventory.search({ type: "Person", where: { login }, limit: 1 });
  if (entries.length === 0) notes.push(`${rota.name}: there is no person "${login}"`);
  return entries[0];
}

function present(
  entries: readonly (EntryView | undefined)[],
  notes: string[],
): readonly PersonView[] {
  return entries.flatMap((entry) => {
    if (entry === undefined || entry.type !== "Person") return [];
    const { status } = entry.attributes;
    if (status === "left" || status === "on_leave") {
      notes.push(`${entry.name} is ${status === "left" ? "not there any more" : "on leave"}`);
      return [];
    }
    const text = (name: string): string | null => {
      const value = entry.attributes[name];
      return typeof value === "string" ? value : null;
    };
    return [
      {
        id: entry.id,
        name: entry.name,
        login: text("login"),
        mail: text("mail"),
        phone: text("phone"),
        jira_account: text("jira_account"),
      },
    ];
  });
}

function referencesOf(entry: EntryView | undefined, attribute: string): readonly EntryReference[] {
  return [entry?.references[attribute] ?? []].flat();
}
