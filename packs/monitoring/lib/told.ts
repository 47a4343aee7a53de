/** Which monitors are meant, and what each of them made of it. */
import { ActionFailed, type ActionContext } from "raicho/pack";
import { alertmanager } from "./alertmanager.ts";
import { datadog } from "./datadog.ts";
import { icinga2 } from "./icinga2.ts";
import { mackerel } from "./mackerel.ts";
import { nameOf, type Config, type Monitor, type Settings, type Told } from "./monitor.ts";
import { nagios } from "./nagios.ts";
import { zabbix } from "./zabbix.ts";

/** By name, or those whose alerts have that source; all without either. */
export function meant(
  { monitors = [] }: Partial<Config>,
  { name, source }: { readonly name?: string | null; readonly source?: string },
): readonly Settings[] {
  if (typeof name === "string" && name !== "") {
    const found = monitors.filter((settings) => nameOf(settings) === name);
    if (found.length > 0) return found;
    const names = monitors.map(nameOf).join(", ");
    throw new ActionFailed(
      `monitoring: there is no monitor "${name}" in <configs>/monitoring.yaml; there are: ${names || "none"}`,
    );
  }
  if (source === undefined) return monitors;
  return monitors.filter((settings) => (settings.source ?? settings.kind) === source);
}

export function monitorOf(settings: Settings, signal: AbortSignal): Monitor {
  switch (settings.kind) {
    case "nagios":
      return nagios(settings);
    case "icinga2":
      return icinga2(settings, signal);
    case "alertmanager":
      return alertmanager(settings, signal);
    case "zabbix":
      return zabbix(settings, signal);
    case "mackerel":
      return mackerel(settings, signal);
    case "datadog":
      return datadog(settings, signal);
  }
}

export interface Answer extends Told {
  readonly monitor: string;
  readonly kind: string;
}

/** Asks every one of them, also when one cannot be used; fails when none could. */
export async function tellAll(
  monitors: readonly Settings[],
  { signal, log }: Pick<ActionContext<Config>, "signal" | "log">,
  tell: (monitor: Monitor) => Promise<Told>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  const failures: ActionFailed[] = [];
  for (const settings of monitors) {
    const monitor = nameOf(settings);
    try {
      const told = await tell(monitorOf(settings, signal));
      answers.push({ monitor, kind: settings.kind, ...told });
    } catch (error) {
      if (!(error instanceof ActionFailed)) throw error;
      log.warn("a monitor was not told", { monitor, why: error.message });
      failures.push(error);
    }
  }
  if (failures.length === 0) return answers;
  throw new ActionFailed({
    error: failures.map(({ message }) => message).join("; "),
    reason: failures.every(({ result }) => result["reason"] === "away") ? "away" : "refused",
    told: answers.map((answer) => ({ ...answer })),
  });
}
