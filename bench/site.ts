/** The content that is measured, written to a directory as a site would: one pack with two rules, and workflows of no-ops: chains, and one task over many items. */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Tasks one after the other; the action ref is `default.<name>`. */
function chain(length: number): string {
  const tasks = Array.from({ length }, (_, n) => {
    const next =
      n + 1 < length ? `\n    next:\n      - when: <% succeeded() %>\n        do: t${n + 1}` : "";
    return `  t${n}:\n    action: core.noop${next}`;
  });
  return `version: 1.0\ntasks:\n${tasks.join("\n")}\n`;
}

/** One task over that many items. */
function items(length: number): string {
  return `version: 1.0\ntasks:\n  each:\n    with: <% range(${length}) %>\n    action: core.noop\n`;
}

function rule(name: string, trigger: string, criteria = ""): string {
  return `name: ${name}\npack: bench\nenabled: true\ntrigger:\n${trigger}${criteria}action:\n  ref: core.noop\n`;
}

function webhook(url: string): string {
  return `  type: core.st2.webhook\n  parameters:\n    url: ${url}\n`;
}

const files: Readonly<Record<string, string>> = {
  "packs/bench/pack.yaml":
    "ref: bench\nname: bench\ndescription: What the benchmark runs.\nversion: 1.0.0\nauthor: Raicho\nemail: raicho@example.com\n",
  "packs/bench/triggers/event.yaml":
    "name: event\npack: bench\ndescription: An event of the benchmark.\npayload_schema:\n  type: object\n",
  "packs/bench/rules/event.yaml": rule("event", "  type: bench.event\n"),
  "packs/bench/rules/webhook.yaml": rule("webhook", webhook("bench")),
  "packs/bench/rules/other_host.yaml": rule(
    "other_host",
    webhook("bench-stored"),
    "criteria:\n  trigger.body.host:\n    type: equals\n    pattern: another.example.net\n",
  ),
  "workflows/chain10.yaml": chain(10),
  "workflows/chain1000.yaml": chain(1_000),
  "workflows/items10.yaml": items(10),
  "workflows/items10000.yaml": items(10_000),
};

/** A directory that other users may enter: PostgreSQL does not run as root. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "raicho-bench-"));
  chmodSync(directory, 0o755);
  return directory;
}

export function writeSite(directory: string): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
  }
}
