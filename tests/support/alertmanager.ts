/** A real Alertmanager that posts to one webhook. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { plainRequest } from "./raicho.ts";

export interface Alertmanager {
  readonly url: string;
  /** Hands alerts in, as Prometheus does; one with `endsAt` in the past is over. */
  fire(labels: Readonly<Record<string, string>>, more?: object): Promise<void>;
  silences(): Promise<readonly Silence[]>;
  stop(): Promise<void>;
}

export interface Silence {
  readonly id: string;
  readonly status: { readonly state: string };
  readonly comment: string;
  readonly createdBy: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly matchers: readonly { readonly name: string; readonly value: string }[];
}

export async function startAlertmanager(port: number, webhook: string): Promise<Alertmanager> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-alertmanager-"));
  writeFileSync(
    join(folder, "am.yml"),
    `route: {receiver: raicho, group_by: [alertname, instance], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
- name: raicho
  webhook_configs: [{url: ${JSON.stringify(webhook)}, send_resolved: true}]
`,
  );
  const child = spawn(
    "prometheus-alertmanager",
    [
      `--config.file=${join(folder, "am.yml")}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ],
    { stdio: "ignore" },
  );
  const ended = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  await eventually("Alertmanager", async () => (await fetch(`${url}/-/ready`)).ok, { seconds: 60 });
  return {
    url,
    fire: async (labels, more = {}) => {
      const { status, body } = await plainRequest(`${url}/api/v2/alerts`, {
        method: "POST",
        body: [{ labels, ...more }],
      });
      if (status !== 200) throw new Error(`Alertmanager: ${status} ${JSON.stringify(body)}`);
    },
    silences: async () => {
      const { body } = await plainRequest(`${url}/api/v2/silences`);
      return body as readonly Silence[];
    },
    async stop() {
      if (child.exitCode === null) child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
