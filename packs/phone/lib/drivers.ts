import { ActionFailed } from "raicho/pack";
import { asterisk } from "./asterisk.ts";
import { baresip } from "./baresip.ts";
import type { Config, Phone } from "./phone.ts";

export function phoneOf(config: Partial<Config>): Phone {
  const { driver = "baresip" } = config;
  if (driver === "baresip") return baresip(config);
  if (driver === "asterisk") return asterisk(config);
  throw new ActionFailed(
    `phone: driver in <configs>/phone.yaml is ${JSON.stringify(driver)}; expected baresip or asterisk`,
  );
}
