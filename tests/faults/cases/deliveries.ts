/** The same delivery many times, and deliveries that are meant to hurt. */
import type { Context, Report } from "../case.ts";
import { ask } from "../ask.ts";
import { checkEffects, executionsOf, untilQuiet } from "../check.ts";
import { inParallel, mail, nothingSent, webhook } from "../load.ts";
import type { Site } from "../site.ts";
import { withSite } from "../with-site.ts";

const counts = { api: 2, worker: 1, sensors: 1, scheduler: 1 };

/** Each webhook and mail is delivered many times at once, through both doors, and again after everything was killed. */
export function runDuplicates(context: Context): Promise<Report> {
  const [deliveries, times] = [context.size({ ci: 10, full: 100, nightly: 200 }), 50];
  return withSite(context, { counts }, async (site, findings) => {
    const sent = nothingSent();
    const names = Array.from({ length: deliveries }, (_, n) => `d${n}`);
    const mails = names.slice(0, Math.ceil(deliveries / 5)).map((name) => `m${name}`);
    const all = async (repeats: number): Promise<void> => {
      const hooks = names.flatMap((name) => Array.from({ length: repeats }, () => name));
      await inParallel(hooks, repeats, (name) => webhook(site, sent, "faults-one", name));
      const letters = mails.flatMap((name) => Array.from({ length: repeats / 5 }, () => name));
      await inParallel(letters, 5, (name) => mail(site, sent, name));
    };
    await all(times);
    await Promise.all(site.processes.map((kept) => site.kill(kept)));
    await site.ready();
    await all(10);
    findings.none(sent.odd, "odd answers");
    const wanted = [...names, ...mails];
    await untilQuiet(site, wanted, 60);
    const done = checkEffects(await site.recorder.effects(), wanted, { findings });
    const made = await executionsOf(site, "faults.effect");
    findings.expect(made.length === wanted.length, `${made.length} for ${wanted.length} events`);
    return {
      events: wanted.length,
      deliveries: sent.acknowledged.length,
      executions: made.length,
      effects: done.effects,
    };
  });
}

interface Hostile {
  readonly what: string;
  readonly raw: string | Buffer;
  /** Answers that are right. */
  readonly answers: readonly number[];
}

function deep(levels: number): string {
  return `{"n":${"[".repeat(levels)}${"]".repeat(levels)}}`;
}

function hostile(turn: number): readonly Hostile[] {
  return [
    { what: "a NUL", raw: `{"n":"nul\\u0000${turn}"}`, answers: [202, 400] },
    { what: "half a surrogate pair", raw: `{"n":"half\\ud800${turn}"}`, answers: [202, 400] },
    { what: "100,000 levels", raw: deep(100_000), answers: [400] },
    { what: "450 levels", raw: deep(450), answers: [202, 400] },
    { what: "5 MB", raw: JSON.stringify({ n: "x".repeat(5_000_000) }), answers: [413] },
    { what: "no JSON", raw: '{"n": ', answers: [400] },
    { what: "bytes that are no text", raw: Buffer.from([0x7b, 0xff, 0xfe, 0x00]), answers: [400] },
    { what: "__proto__", raw: '{"__proto__":{"n":"p"},"n":{}}', answers: [202, 400] },
    { what: "100,000 members", raw: members(100_000), answers: [202, 400, 413] },
  ];
}

function members(count: number): string {
  return `{${Array.from({ length: count }, (_, n) => `"k${n}":1`).join(",")}}`;
}

/** Hostile deliveries among good ones: the good are done, none of the hostile ends a process, loops, or makes the door answer 5xx. */
export function runPoison(context: Context): Promise<Report> {
  const rounds = context.size({ ci: 4, full: 25, nightly: 50 });
  return withSite(context, { counts }, async (site, findings) => {
    const sent = nothingSent();
    let bad = 0;
    let slowest = 0;
    for (let turn = 0; turn < rounds; turn += 1) {
      const good = Array.from({ length: 40 }, (_, n) => `p${turn}-${n}`);
      const posting = inParallel(good, 4, (name) => webhook(site, sent, "faults-one", name));
      for (const { what, raw, answers } of hostile(turn)) {
        const reply = await poison(site, raw);
        bad += 1;
        slowest = Math.max(slowest, reply.ms);
        // A connection that is closed while 5 MB are on their way has said no, too.
        const right = answers.includes(reply.status) || (reply.status === 0 && raw.length > 1e6);
        findings.expect(right, `${what}: ${reply.status} ${reply.text.slice(0, 100)}`);
      }
      await posting;
    }
    findings.none(sent.odd, "odd answers");
    await untilQuiet(site, sent.acknowledged, 60);
    const effects = await site.recorder.effects();
    findings.none(
      sent.acknowledged.filter((name) => effects[name] === undefined),
      "good deliveries were not done",
    );
    const restarted = site.processes.filter(({ starts }) => starts > 1);
    findings.none(
      restarted.map(({ name }) => name),
      "processes ended",
    );
    return {
      good: sent.acknowledged.length,
      hostile: bad,
      "slowest answer ms": Math.round(slowest),
    };
  });
}

function poison(site: Site, raw: string | Buffer): ReturnType<typeof ask> {
  const asked = { method: "POST", raw, token: site.token } as const;
  return ask(`${site.doors[0]}/v1/webhooks/faults-one`, asked);
}
