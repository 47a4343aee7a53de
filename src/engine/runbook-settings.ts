/** What `<configs>/runbook.yaml` says. */
import { isObject, type JsonObject } from "../model/json.ts";
import { readOnlyCommands } from "../runbooks/command.ts";
import type { Tongue } from "../runbooks/document.ts";

export interface RunbookSettings {
  /** Undefined: no documents are configured. */
  readonly url: string | undefined;
  readonly branch: string | undefined;
  /** Path of the index in the repository. */
  readonly index: string;
  /** How a document is shown to people: `{path}` and `{commit}` are filled in. */
  readonly link: string | undefined;
  /** Where people reach this server; undefined: where actions do. */
  readonly door: string | undefined;
  readonly tongue: Tongue;
  /** Seconds between two looks at the repository. */
  readonly pollSeconds: number;
  readonly staleDays: number;
  readonly requests: {
    /** Components of requests; empty: nothing is polled. */
    readonly components: readonly string[];
    readonly project: string | undefined;
    readonly pollSeconds: number;
    /** How far each look goes back behind the last one. */
    readonly overlapMinutes: number;
    /** How far the very first look goes back. */
    readonly firstMinutes: number;
  };
  readonly ssh: {
    readonly parameters: JsonObject;
    /** Where a server answers, by its name. */
    readonly addresses: ReadonlyMap<string, string>;
    /** Whether servers that the inventory does not know are refused. */
    readonly known: boolean;
    readonly parallel: number;
  };
  /** Patterns of commands that may run. */
  readonly commands: readonly string[];
}

export function runbookSettings(config: JsonObject): RunbookSettings {
  const { link } = config;
  const requests = objectOf(config["requests"]);
  const ssh = objectOf(config["ssh"]);
  const checks = objectOf(config["checks"]);
  return {
    url: textOf(config["url"]),
    branch: textOf(config["branch"]),
    index: textOf(config["index"]) ?? "runbooks/index.yaml",
    link: textOf(link),
    door: textOf(config["door"])?.replace(/\/+$/, ""),
    tongue: config["language"] === "en" ? "en" : "ja",
    pollSeconds: numberOf(config["poll_seconds"], 60),
    staleDays: numberOf(config["stale_days"], 180),
    requests: {
      components: textsOf(requests["components"]),
      project: textOf(requests["project"]),
      pollSeconds: numberOf(requests["poll_seconds"], 30),
      overlapMinutes: numberOf(requests["overlap_minutes"], 5),
      firstMinutes: numberOf(requests["first_minutes"], 60),
    },
    ssh: {
      parameters: Object.fromEntries(
        ["username", "password", "private_key", "passphrase", "port", "bastion_host"].flatMap(
          (name) => (ssh[name] === undefined || ssh[name] === null ? [] : [[name, ssh[name]]]),
        ),
      ),
      addresses: new Map(
        Object.entries(objectOf(ssh["addresses"])).map(([name, address]) => [
          name,
          String(address),
        ]),
      ),
      known: ssh["unknown_servers"] !== "allow",
      parallel: numberOf(ssh["parallel"], 10),
    },
    commands: [...readOnlyCommands, ...textsOf(checks["allow"])],
  };
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" && value > 0 ? value : otherwise;
}
