/** The seam between what is to be told and the monitoring systems. */
import { ActionFailed } from "raicho/pack";

export interface Settings {
  readonly name?: string;
  readonly kind: "nagios" | "icinga2" | "alertmanager" | "zabbix" | "mackerel" | "datadog";
  readonly source?: string;
  readonly command_file?: string;
  readonly object_cache?: string;
  readonly url?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly application_key?: string;
  readonly ca?: string;
  readonly server_name?: string;
  readonly host_label?: string;
  readonly silence_hours?: number;
}

export interface Config {
  readonly monitors: readonly Settings[];
}

/** A problem as the monitor knows it. */
export interface Problem {
  /** Its host by name, alias or address. */
  readonly host: string;
  /** "" = the host itself. */
  readonly service: string;
  /** The monitor's own id of the alert, problem or rule; "" where it gave none. */
  readonly ref: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Who says something, and why. `key` names what was said, so that it can be found again; letters, digits, `.`, `_`, `:` and `-`. */
export interface Note {
  readonly by: string;
  readonly comment: string;
  readonly key: string;
}

export interface Work {
  /** By name, alias or address. */
  readonly hosts: readonly string[];
  readonly start: Date;
  readonly end: Date;
}

/** What a monitor made of it. `missing`: what it does not know. */
export interface Told {
  readonly done: readonly string[];
  readonly missing: readonly string[];
}

/** Telling the same again changes nothing. */
export interface Monitor {
  acknowledge(problem: Problem, note: Note): Promise<Told>;
  /** Takes back what was acknowledged with that key. */
  takeBack(problem: Problem, key: string): Promise<Told>;
  /** Whether it still has the problem; only where it says nothing of the end of what was acknowledged. */
  readonly stands?: (problem: Problem) => Promise<boolean>;
  /** The machines are worked on; replaces what was said with that key before. */
  schedule(work: Work, note: Note): Promise<Told>;
  /** Ends what was scheduled with that key. */
  cancel(key: string): Promise<Told>;
}

export function nameOf({ name, kind }: Settings): string {
  return name ?? kind;
}

/** The mark by which something is found again, at the end of a comment. */
export function marked({ comment, key }: Pick<Note, "comment" | "key">): string {
  return `${comment} (raicho ${key})`.trimStart();
}

export function needed(settings: Settings, name: "url" | "token" | "application_key"): string {
  const value = settings[name];
  if (value !== undefined && value !== "") return value.replace(/\/+$/, "");
  throw new ActionFailed(
    `monitoring: "${nameOf(settings)}" in <configs>/monitoring.yaml needs ${name}`,
  );
}

/** The monitor cannot be used now. */
export function away(settings: Settings, why: string): ActionFailed {
  return new ActionFailed({
    error: `monitoring: "${nameOf(settings)}" (${settings.kind}) ${why}`,
    reason: "away",
  });
}

/** The monitor does not do what it is asked for; asking again would not help. */
export function refused(settings: Settings, what: string, why: string): ActionFailed {
  return new ActionFailed({
    error: `monitoring: "${nameOf(settings)}" (${settings.kind}) refused ${what}: ${why.slice(0, 300)}`,
    reason: "refused",
  });
}

/** A problem in words. */
export function shown({ host, service }: Problem): string {
  if (host === "") return service;
  return service === "" ? host : `${host}/${service}`;
}

export function checkedKey(key: string): string {
  if (/^[\w.:-]{1,200}$/.test(key)) return key;
  throw new ActionFailed(
    `monitoring: "${key}" is no key; letters, digits, . _ : and - may stand in it`,
  );
}
