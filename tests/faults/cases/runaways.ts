/** Rules that go round and a mail bomb at once: the door stays quick, other rules fire, nothing that was accepted is lost. */
import { setTimeout as delay } from "node:timers/promises";
import type { Context, Report } from "../case.ts";
import { ask, read } from "../ask.ts";
import { countOf, untilQuiet, type Findings } from "../check.ts";
import { inParallel, mail, nothingSent, webhook } from "../load.ts";
import type { Site } from "../site.ts";
import { withSite } from "../with-site.ts";

const counts = { api: 1, worker: 2, sensors: 1, scheduler: 1 };
const ends = "core.st2.generic.actiontrigger";

function rule(name: string, trigger: string, action: string, parameters = ""): string {
  return `name: ${name}\npack: faults\nenabled: true\ntrigger:\n  type: ${trigger}\n${parameters}action:\n  ref: ${action}\n`;
}

function webhookOf(url: string): string {
  return `  parameters:\n    url: ${url}\n`;
}

function script(name: string, command: string): string {
  return `name: ${name}\ndescription: Goes round.\nrunner_type: local-shell-cmd\nenabled: true\nentry_point: ""\nparameters:\n  cmd:\n    immutable: true\n    default: ${JSON.stringify(command)}\n`;
}

const asRun = `curl -s -o /dev/null -H "X-Auth-Token: $ST2_ACTION_AUTH_TOKEN" -H "Content-Type: application/json"`;
const api = "$ST2_ACTION_API_URL";

/** Five rules on the end of anything, and rules whose action starts them anew by an end, a webhook, each other's webhooks and a key of the datastore. */
function runaways(): Readonly<Record<string, string>> {
  const onEnds = Array.from({ length: 5 }, (_, n) => `ends${n}`);
  return {
    ...Object.fromEntries(
      onEnds.map((name) => [`rules/${name}.yaml`, rule(name, ends, "core.noop")]),
    ),
    "actions/nothing.yaml": script("nothing", "true"),
    "rules/program.yaml": rule("program", ends, "faults.nothing"),
    ...Object.fromEntries(
      [
        ["self", "self"],
        ["ping", "pong"],
        ["pong", "ping"],
      ].flatMap(([name = "", next = ""]) => [
        [`actions/${name}.yaml`, script(name, `${asRun} -d '{}' ${api}/webhooks/faults-${next}`)],
        [
          `rules/${name}.yaml`,
          rule(name, "core.st2.webhook", `faults.${name}`, webhookOf(`faults-${name}`)),
        ],
      ]),
    ),
    "actions/key.yaml": script(
      "key",
      `${asRun} -X PUT -d '{"name": "round", "value": "'$(date +%N)'"}' ${api}/keys/round`,
    ),
    "rules/key.yaml": rule("key", "core.st2.key_value_pair.update", "faults.key"),
  };
}

const names = [
  ...Array.from({ length: 5 }, (_, n) => `ends${n}`),
  "program",
  "self",
  "ping",
  "pong",
  "key",
];

interface Watch {
  /** Milliseconds of each answer. */
  readonly answers: number[];
  /** Seconds until the effect of an event of another rule. */
  readonly effects: number[];
  readonly probes: string[];
}

/** Asks the door again and again, and sends an event of a sound rule each second. */
async function watch(site: Site, until: () => boolean, seen: Watch): Promise<void> {
  const asking = async (): Promise<void> => {
    while (!until()) {
      const paths = ["/v1/actions?limit=5", "/v1/executions?limit=5", "/readyz"];
      for (const path of paths) {
        const reply = await ask(`${site.doors[0]}${path}`, { token: site.token });
        seen.answers.push(reply.status === 200 ? reply.ms : 60_000);
        await delay(10);
      }
    }
  };
  const probing = async (): Promise<void> => {
    for (let n = 0; !until(); n += 1) {
      const name = `probe${n}`;
      const since = performance.now();
      await webhook(site, nothingSent(), "faults-one", name);
      seen.answers.push(performance.now() - since);
      seen.probes.push(name);
      void arrives(site, name, since, seen);
      await delay(1_000);
    }
  };
  await Promise.all([asking(), probing()]);
}

async function arrives(site: Site, name: string, since: number, seen: Watch): Promise<void> {
  while ((await site.recorder.effects())[name] === undefined) {
    if (performance.now() - since > 120_000) return;
    await delay(100);
  }
  seen.effects.push((performance.now() - since) / 1_000);
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? 0;
}

async function begin(site: Site): Promise<void> {
  for (const name of ["self", "ping"])
    await webhook(site, nothingSent(), `faults-${name}`, `begin-${name}`);
  for (const value of ["1", "2"])
    await ask(`${site.doors[0]}/v1/keys/round`, {
      method: "PUT",
      body: { name: "round", value },
      token: site.token,
    });
}

async function check(site: Site, findings: Findings, mails: readonly string[]): Promise<number> {
  const held: { breakers: readonly { rule: string }[] } = await read(
    site.doors,
    "/api/v2/rules/breakers?all=true",
    { token: site.token },
  );
  const stopped = await Promise.all(
    names.map(async (name) => {
      const list: readonly { failure_reason?: string }[] = await read(
        site.doors,
        `/v1/ruleenforcements?rule_ref=faults.${name}&limit=100`,
        { token: site.token },
      );
      return list.some((each) => each.failure_reason?.includes("to stop a loop") === true);
    }),
  );
  const round = new Set(names.filter((_, n) => stopped[n] !== true));
  // Of two that start each other it is enough to stop one.
  if (round.size === 1) ["ping", "pong"].forEach((name) => round.delete(name));
  findings.none([...round], "rules still go round");
  const kept = await countOf(site, "/v1/triggerinstances?trigger=email.smtp.message&limit=1");
  findings.expect(kept === mails.length, `${kept} events for ${mails.length} accepted mails`);
  const made = await countOf(site, "/v1/ruleenforcements?rule_ref=faults.mail&limit=1");
  findings.expect(made === mails.length, `${made} enforcements for ${mails.length} accepted mails`);
  return held.breakers.length;
}

export function runRunaways(context: Context): Promise<Report> {
  const mails = context.size({ ci: 150, full: 6_000, nightly: 10_000 });
  // Where other things run too only a door that is blocked is found.
  const mostMs = context.size({ ci: 5_000, full: 100, nightly: 100 });
  const pack = { more: runaways() };
  return withSite(context, { counts, pack }, async (site, findings) => {
    const seen: Watch = { answers: [], effects: [], probes: [] };
    let over = false;
    const watching = watch(site, () => over, seen);
    await begin(site);
    const sent = nothingSent();
    const since = performance.now();
    await inParallel(
      Array.from({ length: mails }, (_, n) => `bomb${n}`),
      20,
      async (name) => {
        await mail(site, sent, name);
        context.say(`${sent.acknowledged.length} of ${mails} mails`);
      },
    );
    const seconds = (performance.now() - since) / 1_000;
    const wanted = [...sent.acknowledged, ...seen.probes];
    const quiet = await untilQuiet(
      site,
      wanted,
      context.size({ ci: 300, full: 900, nightly: 1_800 }),
    );
    over = true;
    await watching;
    const effects = await site.recorder.effects();
    findings.none(
      [...sent.acknowledged, ...seen.probes].filter((name) => effects[name] === undefined),
      "effects of other rules are missing",
    );
    findings.none(sent.odd, "odd answers");
    const p99 = percentile(seen.answers, 0.99);
    findings.expect(p99 <= mostMs, `the door answered within ${Math.round(p99)} ms (p99)`);
    const breakers = await check(site, findings, sent.acknowledged);
    return {
      "rules that go round": names.length,
      "held off": breakers,
      executions: await countOf(site, "/v1/executions?limit=1"),
      mails: sent.acknowledged.length,
      "mails in s": Math.round(seconds),
      "s until quiet": Math.round(quiet),
      "answers of the door": seen.answers.length,
      "door ms p50": Math.round(percentile(seen.answers, 0.5)),
      "door ms p99": Math.round(p99),
      "door ms at most": Math.round(percentile(seen.answers, 1)),
      "other rule s p50": Number(percentile(seen.effects, 0.5).toFixed(1)),
      "other rule s at most": Number(percentile(seen.effects, 1).toFixed(1)),
    };
  });
}
