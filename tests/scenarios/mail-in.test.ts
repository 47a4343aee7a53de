/** Mails on their way in: from a real Dovecot, in the charsets of Japan, and of a monitor that nobody knew before. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dovecot } from "../sensors/dovecot.ts";
import { alerts, quiet } from "../support/main-job-site.ts";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import { type Raicho, repository, runRaicho, startRaicho } from "../support/raicho.ts";
import { external, type Ground } from "./ground.ts";

const corpus = "../shared/corpus/mail/ja";

interface Instance {
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Subjects of all events. */
async function taken(raicho: Raicho): Promise<readonly string[]> {
  const path = "/v1/triggerinstances?trigger_type=email.imap.message&limit=-1";
  return (await raicho.get<readonly Instance[]>(path)).map(({ payload }) =>
    String(payload["subject"]),
  );
}

describe.runIf(needs("dovecot"))("a mailbox", () => {
  test("A1: every mail is one event, while everything is killed and the mail server goes away and comes back", async () => {
    await using under = await external();
    const server = new Dovecot();
    await server.start();
    const { port, password: _secret, ...account } = server.account();
    const start = (home?: string): Promise<Raicho> =>
      startRaicho({
        env: under.env,
        ...(home === undefined ? {} : { home }),
        configs: { email: { imap_accounts: [{ ...account, port, password: "secret" }] } },
      });
    let sent = 0;
    const deliver = (count: number): void => {
      for (let n = 0; n < count; n += 1) {
        sent += 1;
        server.deliver(
          `From: x@mx\nTo: alerts@x\nSubject: mail ${sent}.\nMessage-ID: <m${sent}@mx>\n\nbody ${sent}\n`,
        );
      }
    };
    const all = (raicho: Raicho, count: number) =>
      eventually(`${count} mails`, async () => (await taken(raicho)).length >= count, {
        seconds: 60,
        everyMs: 100,
      });
    deliver(20);
    let raicho = await start();
    await eventually("the first mails", async () => (await taken(raicho)).length > 0, {
      seconds: 60,
      everyMs: 5,
    });
    for (const pid of [raicho.pid, ...raicho.family()])
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It went with the others.
      }
    await raicho.ended;
    deliver(5);
    raicho = await start(raicho.home);
    await all(raicho, 25);
    await server.stop();
    deliver(5);
    await server.start();
    await all(raicho, 30);
    server.markAllSeen();
    deliver(1);
    await all(raicho, 31);
    const subjects = await taken(raicho);
    expect(subjects.toSorted()).toEqual(
      Array.from({ length: 31 }, (_, n) => `mail ${n + 1}.`).toSorted(),
    );
    await raicho.stop();
    await server.remove();
  }, 420_000);
});

/** The first parser of docs/alerts.md, as a newcomer copies it. */
function documented(): string {
  const text = readFileSync(join(repository, "docs/alerts.md"), "utf8");
  const [, after = ""] = text.split("## A first parser");
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(after) ?? [];
  return yaml.replaceAll(/^ {3}/gm, "");
}

describe("a site of its own", () => {
  let under: Ground;
  let raicho: Raicho;
  let site = "";
  beforeAll(async () => {
    under = await external();
    site = mkdtempSync(join(tmpdir(), "raicho-newcomer-"));
    for (const room of ["rules", "workflows"]) {
      mkdirSync(join(site, room));
      for (const name of readdirSync(join(repository, room)))
        writeFileSync(join(site, room, name), readFileSync(join(repository, room, name)));
    }
    raicho = await startRaicho({ env: under.env, cwd: site });
  }, 120_000);
  afterAll(async () => {
    await raicho.stop();
    await under[Symbol.asyncDispose]();
    rmSync(site, { recursive: true, force: true });
  }, 60_000);

  test("A2: the parser that the documents show first is all that a new monitor needs", async () => {
    const mail =
      "From: alarm@mymon.example.jp\nTo: sys-alert@example.jp\nSubject: RED: h1 fan stopped\nMessage-Id: <red-1@mymon>\n\nx\n";
    writeFileSync(join(site, "sample.eml"), mail);
    mkdirSync(join(site, "parsers/tests"), { recursive: true });
    writeFileSync(join(site, "parsers/mymon.yaml"), documented());
    writeFileSync(
      join(site, "parsers/tests/mymon.yaml"),
      '- name: red\n  mail: { from: x@mymon.example.jp, subject: "RED: h1 fan stopped", text: "…" }\n  alerts: [{ source: mymon, host_raw: h1, severity: critical }]\n',
    );
    const say = async (...args: string[]) => {
      const run = runRaicho(args, { home: raicho.home, cwd: site });
      const { code } = await run.ended;
      return [code, run.printed.out] as const;
    };
    expect(await say("alert", "parse", "sample.eml", "-o", "json")).toEqual([
      0,
      expect.stringContaining('"host_raw": "h1"'),
    ]);
    expect(await say("alert", "test")).toEqual([0, expect.stringMatching(/ 0 failed/)]);
    writeFileSync(
      join(site, "parsers/tests/wrong.yaml"),
      '- name: wrong\n  mail: { from: x@mymon.example.jp, subject: "RED: h1 x", text: x }\n  alerts: [{ host_raw: h2 }]\n',
    );
    expect(await say("alert", "test")).toEqual([1, expect.stringContaining("1 failed")]);
    expect((await raicho.ask("/v1/packs/register", { method: "POST", body: {} })).status).toBe(200);
    rmSync(join(site, "parsers/tests/wrong.yaml"));
    // The worker reads the new parser a moment after the door: what came before is kept as a mail that no parser knows.
    let sent = 0;
    const found = await eventually(
      "an alert by the new parser",
      async () => {
        sent += 1;
        const next = mail.replace("red-1@", `red-${sent}@`);
        expect(await raicho.send(next)).toMatchObject({ code: 250 });
        await quiet(raicho, 60);
        return (await alerts(raicho)).find(({ document }) => document["source"] === "mymon");
      },
      { seconds: 60, everyMs: 500 },
    );
    expect(found).toMatchObject({
      status: "open",
      document: { host_raw: "h1", severity: "critical", summary: "fan stopped on h1" },
    });
  }, 120_000);

  test.skipIf(!existsSync(corpus))(
    "A4d: the mails of the corpus are read exactly, whatever their charset",
    async () => {
      const text = readFileSync(join(corpus, "expected-body.txt"), "utf8").trim();
      const files = readdirSync(corpus).filter((name) => name.endsWith(".eml"));
      expect(files.length).toBeGreaterThanOrEqual(7);
      // Some are the same mail in other charsets, under one Message-ID.
      const ids = files.map(
        (file) =>
          /^message-id:\s*(\S+)/im.exec(readFileSync(join(corpus, file), "latin1"))?.[1] ?? file,
      );
      for (const file of files)
        expect(await raicho.send(readFileSync(join(corpus, file)))).toMatchObject({ code: 250 });
      const read = await eventually(
        "the mails",
        async () => {
          const path = "/v1/triggerinstances?trigger_type=email.smtp.message&limit=-1";
          const found = (await raicho.get<readonly Instance[]>(path))
            .map(({ payload }) => String(payload["text"]).replaceAll("\r\n", "\n").trim())
            .filter((body) => body.includes("山田"));
          return found.length >= new Set(ids).size ? found : undefined;
        },
        { seconds: 60 },
      );
      for (const body of read) expect(body).toBe(text);
    },
    60_000,
  );
});
