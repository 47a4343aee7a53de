import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./run.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "raicho-runbook-"));
  cpSync("packs/runbook/examples", directory, { recursive: true });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = (...argv: string[]) => runCli(["runbook", ...argv], { workingDirectory: directory });

describe("raicho runbook", () => {
  test("lint: no problems", async () => {
    expect(await run("lint")).toMatchObject({ code: 0, out: "no problems\n" });
  });

  test("lint: line, column, frame and the nearest name", async () => {
    const file = join(directory, "runbooks/index.yaml");
    const before = readFileSync(file, "utf8");
    writeFileSync(file, before.replace("component: Monitoring", "component: Monitorng"));
    const { code, out } = await run("lint");
    writeFileSync(file, before);
    expect(code).toBe(1);
    expect(out).toContain('error: there is no component "Monitorng"');
    expect(out).toMatch(/--> runbooks\/index\.yaml:13:20/);
    expect(out).toContain('did you mean "Monitoring"?');
  });

  test("lint --json, and components that the ticket system has", async () => {
    const { code, out } = await run("lint", "--json", "--component", "Web");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ errors: 2 });
  });

  test("lint where there is no index", async () => {
    expect(await run("lint", "nowhere")).toMatchObject({ code: 2 });
  });

  test("resolve tells sub-tickets, documents and servers", async () => {
    const { out, code } = await run(
      "resolve",
      "--component",
      "Web",
      "--field",
      "env=dev",
      "--server",
      "web01",
      "--lang",
      "en",
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      covered: true,
      request: "subdomain",
      subtickets: [
        { name: "DNS record", document: "dns/add-record.en.md", hosts: ["web01"] },
        { name: "Web server", document: "web/add-vhost.en.md", hosts: ["web01"] },
      ],
    });
    expect(await run("resolve", "--component", "Mail")).toMatchObject({
      code: 1,
      out: expect.stringContaining('"covered": false') as string,
    });
    expect(await run("resolve", "--field", "env")).toMatchObject({ code: 2 });
    expect(await run("resolve", "--lang", "fr")).toMatchObject({ code: 2 });
  });

  test("render shows the sub-ticket and its commands for a request from a file", async () => {
    writeFileSync(
      join(directory, "request.yaml"),
      "ticket: {key: OPS-7}\nfields: {fqdn: shop.example.jp}\nservers: [web01]\n",
    );
    const { out, code } = await run("render", "dns/add-record.md", "--request", "request.yaml");
    expect(code).toBe(0);
    expect(out).toContain("shop.example.jp がまだ使われていないこと");
    expect(out).toContain("web01: getent hosts shop.example.jp || echo 未登録");
    expect(await run("render", "dns/nothing.md")).toMatchObject({ code: 5 });
  });
});
