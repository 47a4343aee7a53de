/** The disk of the database is full for a while: nothing is accepted that cannot be stored, and all goes on when there is room again. */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { Context, Report } from "../case.ts";
import { ask } from "../ask.ts";
import type { Site } from "../site.ts";
import { runStruck } from "../struck.ts";

const counts = { api: 1, worker: 2, sensors: 1, scheduler: 1 };
const piece = Buffer.alloc(64 * 1_024);

/** Writes until nothing more fits; gives the bytes. */
function fill(file: string): number {
  const descriptor = openSync(file, "w");
  let bytes = 0;
  try {
    for (;;) bytes += writeSync(descriptor, piece);
  } catch {
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

/** What the door says while it is full: never 2xx for what is not stored, which the check at the end finds. */
async function refusals(
  site: Site,
  ms: number,
): Promise<{ refused: number; odd: readonly number[] }> {
  let refused = 0;
  const odd: number[] = [];
  for (const until = performance.now() + ms; performance.now() < until; await delay(100)) {
    const { status } = await ask(`${site.doors[0]}/v1/webhooks/faults-none`, {
      method: "POST",
      body: { text: "x".repeat(20_000) },
      token: site.token,
    });
    if (status === 503) refused += 1;
    else if (status !== 202 && status !== 0) odd.push(status);
  }
  return { refused, odd };
}

async function backAgain(site: Site): Promise<void> {
  await eventually(
    "the database to answer",
    async () => (await site.database.query("select 1")).length === 1,
    { seconds: 15, everyMs: 300 },
  ).catch(() => site.database.start());
}

export async function runFullDisk(context: Context): Promise<Report> {
  const rounds = context.size({ ci: 1, full: 5, nightly: 10 });
  const disk = mkdtempSync(join(tmpdir(), "raicho-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=400m,mode=755", "none", disk]);
  const databaseHome = join(disk, "home");
  mkdirSync(databaseHome);
  try {
    return await runStruck(context, {
      amounts: context.size({
        ci: { workflows: 80, mails: 4, changes: 4 },
        full: { workflows: 1_000, mails: 40, changes: 40 },
        nightly: { workflows: 2_000, mails: 60, changes: 60 },
      }),
      options: {
        counts,
        databaseHome,
        settings: { max_wal_size: "64MB", min_wal_size: "32MB", checkpoint_timeout: "30s" },
        pack: { more: { "rules/none.yaml": noop } },
      },
      repeats: context.size({ ci: 0.05, full: 0.01, nightly: 0.01 }),
      strike: async (site, onStruck, findings) => {
        let refused = 0;
        let slowest = 0;
        for (let n = 0; n < rounds; n += 1) {
          onStruck(n / rounds);
          await delay(1_000);
          const filler = join(disk, "filler");
          fill(filler);
          const seen = await refusals(
            site,
            context.size({ ci: 6_000, full: 20_000, nightly: 20_000 }),
          );
          refused += seen.refused;
          findings.none(seen.odd.map(String), "odd answers while the disk was full");
          rmSync(filler);
          const since = performance.now();
          await backAgain(site);
          await eventually(
            "the door to accept",
            async () => (await ask(`${site.doors[0]}/readyz`)).status === 200,
            { seconds: 60 },
          );
          slowest = Math.max(slowest, performance.now() - since);
        }
        findings.expect(refused > 0, "the disk was never full: nothing was refused");
        const { bfree, bsize } = statfsSync(disk);
        return {
          "times full": rounds,
          refused,
          "MB free after": Math.round((bfree * bsize) / 1e6),
          "accepting after s": Math.round(slowest / 1_000),
        };
      },
    });
  } finally {
    execFileSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true, force: true });
  }
}

const noop =
  "name: none\npack: faults\nenabled: true\ntrigger:\n  type: core.st2.webhook\n  parameters:\n    url: faults-none\naction:\n  ref: core.noop\n";
