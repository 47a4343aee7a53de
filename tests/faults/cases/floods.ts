/** Too much at once: more deliveries than can be taken. */
import { readFileSync } from "node:fs";
import type { Context, Report } from "../case.ts";
import { ask } from "../ask.ts";
import { untilQuiet } from "../check.ts";
import { inParallel } from "../load.ts";
import type { Site } from "../site.ts";
import { withSite } from "../with-site.ts";

const counts = { api: 1, worker: 1, sensors: 1, scheduler: 1 };

function rule(name: string, url: string, rest: string, action = "core.noop"): string {
  return `name: ${name}\npack: faults\nenabled: true\ntrigger:\n  type: core.st2.webhook\n  parameters:\n    url: ${url}\n${rest}action:\n  ref: ${action}\n`;
}

function rssMb(site: Site): number {
  const pid = site.of("api")[0]?.started.child.pid;
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1_024;
}

/** All of them in the ledger; lists count to ten thousand only. */
async function kept(site: Site, what: "enforcements" | "executions"): Promise<number> {
  const { text } = await ask(`${site.doors[0]}/metrics`);
  return Number(new RegExp(`^raicho_${what}_total (\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
}

/** More webhooks than can be taken: each is answered 202, 429 or 503 with Retry-After; what was accepted is done; the door's memory does not grow with what was refused. */
export function runFlood(context: Context): Promise<Report> {
  const webhooks = context.size({ ci: 4_000, full: 20_000, nightly: 20_000 });
  const pack = { more: { "rules/flood.yaml": rule("flood", "faults-flood", "") } };
  return withSite(context, { counts, pack }, async (site, findings) => {
    const before = rssMb(site);
    const answers = new Map<number, number>();
    let most = before;
    let silent = 0;
    const since = performance.now();
    const all = Array.from({ length: webhooks }, (_, n) => n);
    const watch = setInterval(() => (most = Math.max(most, rssMb(site))), 100);
    await inParallel(all, 500, async (n) => {
      const reply = await ask(`${site.doors[0]}/v1/webhooks/faults-flood`, {
        method: "POST",
        body: { n, text: "x".repeat(500) },
        token: site.token,
        timeoutMs: 60_000,
      });
      answers.set(reply.status, (answers.get(reply.status) ?? 0) + 1);
      const refused = reply.status === 503 || reply.status === 429;
      if (refused && reply.retryAfter === undefined) silent += 1;
    });
    clearInterval(watch);
    const seconds = (performance.now() - since) / 1_000;
    const accepted = answers.get(202) ?? 0;
    const odd = [...answers].filter(([status]) => ![202, 429, 503].includes(status));
    findings.none(
      odd.map(([status, count]) => `${count} × ${status}`),
      "kinds of other answers",
    );
    findings.expect(silent === 0, `${silent} refusals without Retry-After`);
    findings.expect(accepted >= webhooks / 10, `only ${accepted} were accepted`);
    findings.expect(most < before + 200, `the door grew from ${before} to ${most} MB`);
    await untilQuiet(site, [], 120);
    const done = await kept(site, "enforcements");
    findings.expect(done === accepted, `${done} enforcements for ${accepted} accepted events`);
    const ran = await kept(site, "executions");
    findings.expect(ran === accepted, `${ran} executions for ${accepted} accepted events`);
    return {
      webhooks,
      "in s": Math.round(seconds),
      accepted,
      refused: (answers.get(503) ?? 0) + (answers.get(429) ?? 0),
      "MB before": Math.round(before),
      "MB at most": Math.round(most),
    };
  });
}
