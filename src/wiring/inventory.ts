import type { Content } from "../model/definitions.ts";
import { breakerSettings as breakerOf, type BreakerSettings } from "../inventory/breaker.ts";
import { ownerSettings as settingsOf, type OwnerSettings } from "../inventory/owner.ts";

/** Settings of the pack `inventory`, always those of the present content. */
export function ownerSettings(content: () => Content): OwnerSettings {
  const present = (): OwnerSettings => settingsOf(content().packs.get("inventory")?.config ?? {});
  return {
    get paths() {
      return present().paths;
    },
    get defaultLeader() {
      return present().defaultLeader;
    },
  };
}

/** When a rule fires too often on an entry, by the present content. */
export function breakerSettings(content: () => Content): () => BreakerSettings {
  return () => breakerOf(content().packs.get("inventory")?.config ?? {});
}
