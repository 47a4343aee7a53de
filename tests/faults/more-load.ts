/** What passes the crash points beside webhooks and mails: alerts, a Python sensor, sheets and what was pushed into services. */
import { ask, isGood, read } from "./ask.ts";
import { insist, turnOf, type Sent } from "./load.ts";
import type { Site } from "./site.ts";

function rule(name: string, trigger: object, action: object): string {
  return JSON.stringify({ name, pack: "faults", enabled: true, trigger, action });
}

function effect(text: string): object {
  return { ref: "faults.effect", parameters: { body: text } };
}

const counter = `import os
from st2reactor.sensor.base import PollingSensor


class Counter(PollingSensor):
    """Counts without a gap: each number once, with its checkpoint."""

    def setup(self):
        self.stop = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stop")

    def poll(self):
        if os.path.exists(self.stop):
            return
        self.set_poll_interval(0.5)
        n = self.sensor_service.get_checkpoint(0)
        self.sensor_service.dispatch("faults.count", {"n": "p%d" % n}, dedupe_key=n, checkpoint=n + 1)

    def cleanup(self):
        pass

    def add_trigger(self, trigger):
        pass

    def update_trigger(self, trigger):
        pass

    def remove_trigger(self, trigger):
        pass
`;

/** The file that ends the counting. */
export const counterStop = "packs/faults/sensors/stop";

/** Files of the pack that this load needs. */
export const morePack: Readonly<Record<string, string>> = {
  "rules/alert_in.yaml": rule(
    "alert_in",
    { type: "core.st2.webhook", parameters: { url: "faults-alert" } },
    { ref: "alert.receive", parameters: { body: "<$ trigger.body $>" } },
  ),
  "rules/alert_fired.yaml": rule(
    "alert_fired",
    { type: "alert.firing" },
    effect("{{ trigger.service }}"),
  ),
  "sensors/counter.py": counter,
  "sensors/counter.yaml": JSON.stringify({
    class_name: "Counter",
    entry_point: "counter.py",
    poll_interval: 4,
    trigger_types: [{ name: "count", payload_schema: { type: "object" } }],
  }),
  "rules/counted.yaml": rule("counted", { type: "faults.count" }, effect("{{ trigger.n }}")),
};

/** The numbers that the sensor dispatched, by its checkpoint. */
export async function counted({ doors, token }: Site): Promise<readonly string[]> {
  const { checkpoint } = await read<{ checkpoint: number | null }>(
    doors,
    "/api/v2/sensors/faults.Counter",
    { token },
  );
  return Array.from({ length: checkpoint ?? 0 }, (_, n) => `p${n}`);
}

/** A new alert by webhook, as Alertmanager tells it. */
export function alert(site: Site, sent: Sent, name: string): Promise<void> {
  const labels = { alertname: name, instance: "faults-host:9100", severity: "warning" };
  const startsAt = "2026-11-21T00:00:00Z";
  const one = { status: "firing", labels, annotations: { summary: name }, startsAt };
  const body = { version: "4", groupKey: name, status: "firing", alerts: [one] };
  let turn = turnOf(name);
  return insist(site, { sent, name }, async () => {
    const reply = await ask(`${site.doors[turn++ % site.doors.length]}/v1/webhooks/faults-alert`, {
      method: "POST",
      body,
      token: site.token,
      headers: { "webhook-id": `alert-${name}` },
    });
    return isGood(reply) ? 202 : reply.status;
  });
}

/** A sheet with one row: staged and committed; where that broke off, both again. */
export function sheet(site: Site, sent: Sent, entry: string, name: string): Promise<void> {
  let turn = turnOf(name);
  const files = [
    { name: "roles.csv", source: "faults", type: "Role", text: `code,note\n${entry},${name}\n` },
  ];
  return insist(site, { sent, name }, async () => {
    const imports = `${site.doors[turn++ % site.doors.length]}/api/v2/inventory/imports`;
    const given = { method: "POST", token: site.token } as const;
    const staged = await ask(imports, { ...given, body: { files, newest: true } });
    if (!isGood(staged)) return staged.status;
    const { id } = JSON.parse(staged.text) as { id: string };
    return (await ask(`${imports}/${id}/commit`, { ...given, body: {} })).status;
  });
}

/** That something was written into a service. */
export function push(site: Site, sent: Sent, entry: string, name: string): Promise<void> {
  let turn = turnOf(name);
  return insist(site, { sent, name }, async () => {
    const door = site.doors[turn++ % site.doors.length];
    const reply = await ask(`${door}/api/v2/inventory/pushes`, {
      method: "POST",
      body: {
        source: "faults-push",
        items: [{ type: "Role", set: { code: entry, title: name } }],
      },
      token: site.token,
    });
    if (!isGood(reply)) return reply.status;
    return reply.text.includes('"noted"') ? 200 : 422;
  });
}

/** What is remembered of the last push: whether a report of that value is taken for an echo. */
export async function isEcho(site: Site, entry: string, name: string): Promise<boolean> {
  const reply = await ask(`${site.doors[0]}/api/v2/inventory/claims`, {
    method: "POST",
    body: { source: "faults-push", items: [{ type: "Role", set: { code: entry, title: name } }] },
    token: site.token,
  });
  if (!isGood(reply)) throw new Error(`${reply.status} ${reply.text}`);
  const [claim] = await site.database.query<{ state: string }>(
    `select c.state from inv.claim c join inv.entry e on e.id = c.entry_id where c.source = 'faults-push' and c.attr = 'title'`,
  );
  return claim?.state === "holding";
}
