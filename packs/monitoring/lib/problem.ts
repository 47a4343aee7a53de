import { ActionFailed, type JsonObject } from "raicho/pack";
import type { Problem } from "./monitor.ts";

export interface AlertProblem extends Problem {
  readonly source: string;
  /** The same for every message of that alert. */
  readonly key: string;
}

/** The problem that an alert is about, in the words of its monitor. */
export function problemOf(alert: JsonObject): AlertProblem {
  const text = (name: string): string => (typeof alert[name] === "string" ? alert[name] : "");
  const [source, fingerprint] = [text("source"), text("fingerprint")];
  if (source === "" || fingerprint === "")
    throw new ActionFailed("monitoring: the alert has no source or no fingerprint");
  const { labels } = alert;
  return {
    source,
    key: `alert:${fingerprint.slice(0, 16)}`,
    host: text("host_raw"),
    service: text("service"),
    ref: text("source_ref"),
    labels: Object.fromEntries(
      Object.entries(typeof labels === "object" && labels !== null ? labels : {}).flatMap(
        ([name, value]) => (typeof value === "string" ? [[name, value]] : []),
      ),
    ),
  };
}
