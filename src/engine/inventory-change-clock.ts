/** Applies approved changes when their time has come, by the clock of the database: once, also over restarts. */
import { noCause } from "../inventory/cause.ts";
import { loopingSensor } from "../sensors/looping-sensor.ts";
import type { Sensor } from "../sensors/sensor.ts";
import { dueChanges, loadChange } from "../store/inventory/change-requests.ts";
import type { Db } from "../store/schema.ts";
import { carryOutChange } from "./inventory-change-carry.ts";
import type { Inventory } from "./inventory.ts";

const batch = 20;

export interface ChangeClockOptions {
  readonly db: Db;
  /** The inventory as that user sees it now: who approved a change must still be allowed to. */
  readonly inventoryOf: (user: string) => Promise<Inventory>;
  readonly pollMs?: number;
}

export function inventoryChangeClock({
  db,
  inventoryOf,
  pollMs = 1_000,
}: ChangeClockOptions): Sensor {
  return loopingSensor("inventory.changes", async (context, pace) => {
    while (!pace.stopped) {
      try {
        await applyDue({ db, inventoryOf });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        context.log("warn", "changes of the inventory that are due could not be applied", {
          reason,
        });
      }
      await pace.rest(pollMs);
    }
  });
}

/** Applies what is due now; answers how many were. */
export async function applyDue({
  db,
  inventoryOf,
}: Pick<ChangeClockOptions, "db" | "inventoryOf">): Promise<number> {
  let applied = 0;
  for (const id of await dueChanges(db, batch)) {
    const actor = (await loadChange(db, id))?.decidedBy ?? "";
    const author = { actor, kind: "api", cause: noCause } as const;
    if (await carryOutChange(await inventoryOf(actor), id, author)) applied += 1;
  }
  return applied;
}
