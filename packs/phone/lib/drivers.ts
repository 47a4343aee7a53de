import { ActionFailed, type ActionContext } from "raicho/pack";
import { asterisk } from "./asterisk.ts";
import { baresip } from "./baresip.ts";
import type { Config, Phone } from "./phone.ts";
import { twilio } from "./twilio.ts";

export function phoneOf(context: ActionContext<Config>): Phone {
  const { config } = context;
  const { driver = "baresip" } = config;
  if (driver === "baresip") return baresip(config);
  if (driver === "asterisk") return asterisk(config);
  if (driver === "twilio") return twilio(context);
  throw new ActionFailed(
    `phone: driver in <configs>/phone.yaml is ${JSON.stringify(driver)}; expected baresip, asterisk or twilio`,
  );
}
