/** Acceptance 4: whatever a mail says arrives in the ticket as written and is evaluated nowhere. */
import { existsSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Execution,
  machine,
  quiet,
  type Site,
  startSite,
  tickets,
} from "../support/main-job-site.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import { backends, type Ground } from "./ground.ts";
import { ready } from "./ready.ts";

/** Each would leave a file or the number 49 if anything ran it. */
function hostile(file: string): readonly string[] {
  return [
    "{{ 7*7 }}",
    "{{ config_context.token }}",
    "{% for x in range(3) %}{{ 7*7 }}{% endfor %}",
    "<% ctx() %>",
    "<% 7*7 %>",
    "<$ $string(7*7) $>",
    `<$ $eval("7*7") $>`,
    `$(touch ${file})`,
    `\`touch ${file}\``,
    `; touch ${file} #`,
    `| touch ${file} &`,
    `" OR project = OPS ORDER BY created --`,
    `' AND "quoted" \\ \\" labels in ("alert")`,
    "${7*7} #{7*7} %{7*7} {7*7}",
    "h1. *bold* [link|http://example.jp] {code}",
  ];
}

describe.runIf(ready).each(backends)("hostile mails, bells on $name", ({ start: ground }) => {
  let site: Site;
  let under: Ground;
  const file = `/tmp/raicho-injected-${process.pid}`;

  beforeAll(async () => {
    under = await ground();
    site = await startSite([machine(1)], { env: under.env });
  }, 90_000);
  afterAll(async () => {
    await site.close();
    await under[Symbol.asyncDispose]();
    rmSync(file, { force: true });
  });

  test("A7d: the text of an alert", async () => {
    const info = hostile(file).join(" ");
    await site.raicho.send(nagiosMail({ info, service: "Injected" }));
    await quiet(site.raicho);
    const [ticket, ...more] = tickets(site, "Injected");
    expect(more).toEqual([]);
    expect(ticket?.description).toContain(info);
    expect(ticket?.description).not.toMatch(/\b49\b/);
    expect(existsSync(file)).toBe(false);
  });

  test("A7d: the service of an alert, which goes into the summary and through the inventory", async () => {
    const services = ["{{ 7*7 }}", "<% 7*7 %>", "<$ 7*7 $>", `a"b'c`, `$(touch ${file})`, "`id`"];
    for (const service of services) await site.raicho.send(nagiosMail({ service }));
    await quiet(site.raicho);
    for (const service of services) {
      const [ticket, ...more] = tickets(site, `web01.auction/${service}`);
      expect(more).toEqual([]);
      expect(ticket?.summary).toBe(
        `[CRITICAL] web01.auction/${service}: ${service} on web01.auction is CRITICAL`,
      );
    }
    expect(existsSync(file)).toBe(false);
  });

  test("A7d: the subject and the body of a mail that no parser knows", async () => {
    const lines = hostile(file);
    for (const [index, subject] of lines.entries())
      await site.raicho.send(
        `From: x@example.jp\nTo: sys-alert@example.jp\nMessage-Id: <hostile-${index}@example.jp>\nSubject: ${subject} no ${index}.\n\n${lines.join("\n")}\n`,
      );
    await quiet(site.raicho);
    for (const [index, subject] of lines.entries()) {
      const [ticket, ...more] = tickets(site, `Subject: ${subject} no ${index}.`);
      expect(more).toEqual([]);
      expect(ticket?.summary).toBe(`[UNPARSED] ${subject} no ${index}.`);
      for (const line of lines) expect(ticket?.description).toContain(line);
    }
    expect(existsSync(file)).toBe(false);
    const failed = await site.raicho.get<Execution[]>("/v1/executions?status=failed");
    expect(failed.map(({ action }) => action.ref)).toEqual([]);
  });
});
