import { expect } from "vitest";
import type { AlertSeverity, AlertUrgency } from "../../src/alerts/alert.ts";
import type { MatchedAlert } from "../../src/alerts/matcher.ts";
import { compileAlertPolicies, type AlertPolicies } from "../../src/alerts/policy.ts";
import type { DeclarationFile } from "../../src/model/definitions.ts";

/** A policy file as content hands it over. */
export function policyFile(document: unknown, name = "p", pack = "default"): DeclarationFile {
  const source = { file: `alerts/${name}.yaml`, line: 1, column: 1 };
  return { kind: "alert-policy", pack, name, document, source };
}

/** Faults of one file as `path message`. */
export function faults(document: unknown): readonly string[] {
  const { problems } = compileAlertPolicies([policyFile(document)]);
  return problems.map(({ path, message }) => `${path} ${message}`);
}

export function anAlert(change: Partial<MatchedAlert> = {}): MatchedAlert {
  return {
    source: "nagios",
    source_ref: "web01!HTTP",
    class: "service",
    status: "firing",
    severity: "critical" satisfies AlertSeverity,
    urgency: "immediate" satisfies AlertUrgency,
    host_raw: "web01.auction",
    service: "HTTP",
    summary: "HTTP on web01.auction is CRITICAL",
    detail: "Connection refused",
    labels: { address: "127.0.0.1", team: "sys" },
    fingerprint: "f1",
    ...change,
  };
}

/** Policies of one file, which must have no fault. */
export function policiesOf(document: unknown): AlertPolicies {
  const { policies, problems } = compileAlertPolicies([policyFile(document)]);
  expect(problems).toEqual([]);
  return policies;
}

/** A time of 2026-11-21, UTC. */
export function at(time: string, day = "2026-11-21"): string {
  return `${day}T${time}:00.000Z`;
}

export function ms(time: string, day?: string): number {
  return Date.parse(at(time, day));
}
