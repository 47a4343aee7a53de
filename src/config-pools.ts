/** Which pools workers serve, and which actions go to which pool. */
import { ConfigError } from "./config-values.ts";
import { defaultPool, isPool, poolExpected, type PoolRule } from "./model/pools.ts";

function parts(text = ""): readonly string[] {
  return text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** By the labels of the command line, or of `RAICHO_LABELS`; without labels the default pool. Throws ConfigError. */
export function servedPools(
  text: string | undefined,
  label: readonly string[] | undefined,
): readonly string[] {
  const all = label ?? parts(text);
  for (const each of all)
    if (!isPool(each))
      throw new ConfigError(
        `${label === undefined ? "RAICHO_LABELS" : "--label"}: "${String(each)}" is no label: give ${poolExpected}`,
      );
  return all.length === 0 ? [defaultPool] : [...new Set(all)];
}

/** `vsphere.*:zone=dc1,linux.reboot:dc2`. Throws ConfigError. */
export function poolRules(text: string | undefined): readonly PoolRule[] {
  return parts(text).map((each) => {
    const [, actions, pool] = /^([\w*]+(?:\.[\w.*-]+)?):(.+)$/.exec(each) ?? [];
    if (actions !== undefined && isPool(pool)) return { actions, pool };
    throw new ConfigError(
      `RAICHO_POOLS: "${each}": give actions and their pool, e.g. vsphere.*:zone=dc1,linux.reboot:dc2`,
    );
  });
}
