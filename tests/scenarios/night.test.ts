/** K1: registered types of alerts are handled at night without people; by day nothing is done by itself. With the example of the pack alert, and real OpenSSH. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { quiet, tickets } from "../support/main-job-site.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import { needs } from "../support/needs.ts";
import { repository } from "../support/raicho.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { startTicketSite, type TicketSite } from "../support/ticket-site.ts";

const example = join(repository, "packs/alert/examples/night");
/** Words of Japanese. */
const japanese = /[ぁ-んァ-ヶ一-龠]/;

describe.runIf(needs("sshd"))("alerts at night", () => {
  let sshd: Sshd;
  let site: TicketSite;
  let folder = "";
  let tries = 0;
  const trace = (host: string): string => join(folder, `cleared-${host}`);

  beforeAll(async () => {
    sshd = await startSshd();
    folder = mkdtempSync(join(tmpdir(), "raicho-night-"));
    writeFileSync(join(folder, "known_hosts"), `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
    for (const room of ["rules", "workflows"]) {
      cpSync(join(repository, room), join(folder, room), { recursive: true });
      cpSync(join(example, room), join(folder, room), { recursive: true });
    }
    const workflow = join(folder, "workflows/night_disk.yaml");
    const command = `"touch ${join(folder, "cleared")}-<% ctx().alert.host_raw %> && echo freed"`;
    writeFileSync(
      workflow,
      readFileSync(workflow, "utf8")
        .replace(/hosts: .*/, `hosts: 127.0.0.1:${sshd.port}`)
        .replace(/username: .*/, `username: ${sshd.username}`)
        .replace(/private_key: .*/, `private_key: ${sshd.key}`)
        .replace(/cmd: .*/, `cmd: ${command}`),
    );
    site = await startTicketSite(
      {
        language: "ja",
        coalesce_seconds: 1,
        real_time: { urgencies: ["immediate", "business_day"] },
      },
      {
        cwd: folder,
        env: { RAICHO_SSH_KNOWN_HOSTS: join(folder, "known_hosts"), RAICHO_TZ: "Asia/Tokyo" },
        configs: { calendar: { tick: "09:00", end: "18:00" } },
      },
    );
  }, 240_000);
  afterAll(async () => {
    await site.stop();
    await sshd.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const send = async (host: string, at: string, service = "DISK"): Promise<void> => {
    const mail = nagiosMail({ host, service, at: new Date(at) });
    expect(await site.raicho.send(mail)).toMatchObject({ code: 250 });
    await quiet(site.raicho, 60);
  };

  test("K1 E8: at night the disk is cleared over SSH and the ticket says so, in the language of the site", async () => {
    tries += 1;
    const host = `night01-${tries}`;
    await send(host, "2026-11-20T02:30:00+09:00");
    const ticket = await eventually(
      "the ticket to say so",
      () => {
        const [one, ...more] = tickets(site, `${host}/DISK`);
        expect(more).toEqual([]);
        if (
          one?.comments.some((text) => /^夜間のため自動で対応しました[^]*freed/.test(text)) === true
        )
          return one;
        throw new Error(JSON.stringify(one));
      },
      { seconds: 60 },
    );
    expect(existsSync(trace(host))).toBe(true);
    for (const comment of ticket.comments) expect(comment).toMatch(japanese);
    expect(ticket.description).toMatch(japanese);
  }, 240_000);

  test("K1: on a holiday too", async () => {
    await send("holiday01", "2026-11-03T12:00:00+09:00");
    await eventually("the disk to be cleared", () => existsSync(trace("holiday01")), {
      seconds: 60,
    });
    expect(tickets(site, "holiday01/")).toHaveLength(1);
  }, 240_000);

  test("K1: by day, and for alerts that are not registered, people decide", async () => {
    await send("office01", "2026-11-20T10:30:00+09:00");
    await send("night02", "2026-11-20T02:30:00+09:00", "HTTP");
    await eventually(
      "the workflows to end",
      async () => {
        const path = "/v1/executions?action=default.night_disk";
        const ends = (await site.raicho.get<{ status: string }[]>(path)).map(
          ({ status }) => status,
        );
        return ends.length >= 3 && ends.every((status) => status === "succeeded");
      },
      { seconds: 60 },
    );
    for (const host of ["office01", "night02"]) {
      expect(existsSync(trace(host))).toBe(false);
      expect(tickets(site, `${host}/`)).toHaveLength(1);
    }
  }, 240_000);
});
