/** A Raicho with policies for alerts of its own, and what was told of them. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { startRaicho, type Raicho, type StartOptions } from "./raicho.ts";

/** A directory of packs with one pack `ops`, whose files are given by path. */
export function opsPack(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "raicho-ops-"));
  const pack =
    "name: ops\nref: ops\ndescription: Of this test\nversion: 1.0.0\nauthor: t\nemail: t@example.com\n";
  for (const [path, text] of Object.entries({ "pack.yaml": pack, ...files })) {
    const file = join(directory, "ops", path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
  }
  return directory;
}

export function startAlertSite(
  files: Readonly<Record<string, string>>,
  options: StartOptions = {},
): Promise<Raicho> {
  return startRaicho({ ...options, env: { ...options.env, RAICHO_PACKS: opsPack(files) } });
}

export interface ToldAlert {
  readonly trigger: string;
  readonly payload: Readonly<Record<string, unknown>> & {
    readonly id: string;
    readonly host_raw: string;
    readonly count: number;
    readonly fingerprint: string;
    readonly day: string;
  };
}

/** Events of that trigger, oldest first. */
export async function told(raicho: Raicho, trigger: string): Promise<readonly ToldAlert[]> {
  const rows = await raicho.get<readonly { id: string }[]>(
    `/v1/triggerinstances?trigger=${trigger}&limit=-1`,
  );
  const whole = rows.map(({ id }) => raicho.get<ToldAlert>(`/v1/triggerinstances/${id}`));
  return (await Promise.all(whole)).toReversed();
}

/** The events of that trigger for a host, when there are so many. */
export async function toldOf(
  raicho: Raicho,
  trigger: string,
  host: string,
  many = 1,
): Promise<readonly ToldAlert[]> {
  return eventually(
    `${trigger} of ${host} ×${many}`,
    async () => {
      const all = await told(raicho, trigger);
      const found = all.filter(({ payload }) => payload.host_raw === host);
      return found.length >= many ? found : undefined;
    },
    { seconds: 240, everyMs: 200 },
  );
}

export interface ListedAlert extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly fingerprint: string;
  readonly count: number;
  readonly status: string;
  readonly suppressed_by: readonly { readonly by: string; readonly name: string }[];
}

/** Alerts of a host, the latest first. */
export async function alertsOf(raicho: Raicho, host: string): Promise<readonly ListedAlert[]> {
  return (await raicho.get<{ items: readonly ListedAlert[] }>(`/api/v2/alerts?host=${host}`)).items;
}

/** Waits until what was sent for a host was counted. */
export async function counted(raicho: Raicho, host: string, count: number): Promise<ListedAlert> {
  return eventually(
    `${count} reports of ${host}`,
    async () => (await alertsOf(raicho, host)).find((alert) => alert.count >= count),
    { seconds: 240, everyMs: 100 },
  );
}
