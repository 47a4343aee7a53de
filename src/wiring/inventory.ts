import type { Content } from "../model/definitions.ts";
import type { BreakerOptions } from "../engine/breaker.ts";
import type { JsonObject } from "../model/json.ts";
import { breakerSettings, loopSettings } from "../rules/breaker.ts";
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

/** When a rule fires too often, on an entry or because of itself, by the present content. */
export function breakersOf(content: () => Content): Pick<BreakerOptions, "settings" | "loops"> {
  const config = (pack: string): JsonObject => content().packs.get(pack)?.config ?? {};
  return {
    settings: () => breakerSettings(config("inventory")),
    loops: () => loopSettings(config("core")),
  };
}
