/** What keeps a change of the inventory from causing itself for ever, each guard by itself and through the front door. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { quiet } from "../support/main-job-site.ts";
import { type Raicho, runRaicho, startRaicho } from "../support/raicho.ts";
import { external, type Ground } from "./ground.ts";

const rule = (name: string, trigger: string, action: string): readonly [string, string] => [
  `rules/${name}.yaml`,
  `name: ${name}\nenabled: true\ntrigger: ${trigger}\n${action}\n`,
];
const updated = (attribute: string): string =>
  `{ type: inventory.entry.updated, parameters: { type: Role, attribute: ${attribute} } }`;
const patch = (attribute: string, value: string): string =>
  `action: { ref: inventory.patch, parameters: { id: "{{ trigger.entry.id }}", attributes: { ${attribute}: "${value}" } } }`;
const roles = (pattern: string): string =>
  `criteria: { trigger.entry.name: { type: matchregex, pattern: "^${pattern}" } }`;

const files = new Map<string, string>([
  [
    "pack.yaml",
    "---\nref: site\nname: site\nversion: 1.0.0\nauthor: Site\nemail: site@example.com\ndescription: This site\n",
  ],
  [
    "actions/mark.yaml",
    "name: mark\nrunner_type: noop\nparameters: { role: { type: string }, name: { type: string } }\nnotify:\n  on-complete: { routes: [loops], message: done, data: { role: '{{ action_parameters.role }}', name: '{{ action_parameters.name }}' } }\n",
  ],
  rule(
    "ping",
    updated("title"),
    `${roles("pair")}\n${patch("note", "ping {{ trigger.entry.version }}")}`,
  ),
  rule(
    "pong",
    updated("note"),
    `${roles("pair")}\n${patch("title", "pong {{ trigger.entry.version }}")}`,
  ),
  rule(
    "mark",
    updated("note"),
    `${roles("(ended|notified)")}\naction: { ref: site.mark, parameters: { role: "{{ trigger.entry.id }}", name: "{{ trigger.entry.name }}" } }`,
  ),
  rule(
    "after_end",
    "{ type: core.st2.generic.actiontrigger }",
    `criteria: { trigger.action_ref: { type: equals, pattern: site.mark }, trigger.parameters.name: { type: equals, pattern: ended } }\naction: { ref: inventory.patch, parameters: { id: "{{ trigger.parameters.role }}", attributes: { note: "ended {{ trigger.execution_id }}" } } }`,
  ),
  rule(
    "after_notice",
    "{ type: core.st2.generic.notifytrigger }",
    `criteria: { trigger.route: { type: equals, pattern: loops }, trigger.data.name: { type: equals, pattern: notified } }\naction: { ref: inventory.patch, parameters: { id: "{{ trigger.data.role }}", attributes: { note: "told of {{ trigger.execution_id }}" } } }`,
  ),
  rule(
    "grow",
    "{ type: inventory.entry.created, parameters: { type: Role } }",
    `${roles("deep")}\naction: { ref: inventory.upsert, parameters: { type: Role, set: { code: "{{ trigger.entry.name }}x" } } }`,
  ),
  rule("often", updated("tags"), `${roles("busy")}\naction: { ref: core.noop }`),
]);

let folder: string;
let under: Ground;
let raicho: Raicho;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "raicho-guards-"));
  for (const [name, text] of files) {
    mkdirSync(dirname(join(folder, "site", name)), { recursive: true });
    writeFileSync(join(folder, "site", name), text);
  }
  under = await external();
  raicho = await startRaicho({
    env: { ...under.env, RAICHO_PACKS: join(folder, "site") },
    configs: { inventory: { breaker: { firings: 3, seconds: 600 } } },
  });
}, 90_000);
afterAll(async () => {
  await raicho.stop();
  await under[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Entry {
  readonly id: string;
  readonly version: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}
const made = async (code: string): Promise<string> => {
  const body = { type: "Role", attributes: { code } };
  const answer = await raicho.ask("/api/v2/inventory/entries", { method: "POST", body });
  return (answer.body as { entry: Entry }).entry.id;
};
const patched = (id: string, attributes: object) =>
  raicho.ask(`/api/v2/inventory/entries/${id}`, { method: "PATCH", body: { attributes } });
const entry = (id: string): Promise<Entry> => raicho.get(`/api/v2/inventory/entries/${id}`);
const refusals = async (name: string): Promise<readonly string[]> => {
  const rows = await raicho.get<{ failure_reason?: string }[]>(
    `/v1/ruleenforcements?rule_ref=site.${name}&limit=100`,
  );
  return rows.flatMap(({ failure_reason: reason }) =>
    reason === undefined || reason === "" ? [] : [reason],
  );
};
const instances = (trigger: string) =>
  raicho.get<{ payload: Record<string, unknown> }[]>(
    `/v1/triggerinstances?trigger=${trigger}&include_payload=true&limit=100`,
  );

test("a write that changes nothing is no event", async () => {
  const id = await made("still");
  expect((await patched(id, { title: "a" })).body).toMatchObject({ result: "updated" });
  expect((await patched(id, { title: "a" })).body).toMatchObject({ result: "unchanged" });
  await quiet(raicho);
  await eventually("the first change", async () => {
    const told = await instances("inventory.entry.updated");
    return told.some(({ payload }) => (payload["entry"] as { id: string }).id === id);
  });
  const told = await instances("inventory.entry.updated");
  expect(told.filter(({ payload }) => (payload["entry"] as { id: string }).id === id)).toHaveLength(
    1,
  );
});

test("two rules that change what the other hears of stop after one round", async () => {
  const id = await made("pair");
  await patched(id, { title: "serve" });
  const reasons = await eventually("the refusal", async () => {
    const found = await refusals("ping");
    return found.length > 0 && found;
  });
  expect(reasons).toEqual([
    expect.stringContaining(`rule site.ping is itself a cause of this change of entry ${id}`),
  ]);
  await quiet(raicho);
  expect(await entry(id)).toMatchObject({
    version: 4,
    attributes: { note: "ping 2", title: "pong 3" },
  });
});

test.each([
  ["ended", "after_end"],
  ["notified", "after_notice"],
])(
  "the chain goes on over the end of an execution to which another rule listens: %s",
  async (code, then) => {
    const id = await made(code);
    await patched(id, { note: "by hand" });
    const own = `rule site.mark is itself a cause of this change of entry ${id}`;
    await eventually("the refusal", async () =>
      (await refusals("mark")).some((reason) => reason.includes(own)),
    );
    await quiet(raicho);
    const { revisions } = await raicho.get<{ revisions: { cause: { rule_chain: string[] } }[] }>(
      `/api/v2/inventory/entries/${id}/history`,
    );
    expect(revisions.map(({ cause }) => cause.rule_chain)).toEqual([
      [`site.mark@${id}`, `site.${then}@`],
      [],
      [],
    ]);
  },
);

test("a chain over ever new entries ends, is told, and nobody hears of its end", async () => {
  await made("deep");
  const [suspected] = await eventually("the suspicion", async () => {
    const all = await instances("inventory.loop.suspected");
    const found = all.filter(({ payload }) => payload["entry"] !== undefined);
    return found.length > 0 && found;
  });
  expect(suspected?.payload).toMatchObject({
    trigger: "inventory.entry.created",
    entry: { name: `deep${"x".repeat(9)}` },
    origin: { depth: 9 },
  });
  await quiet(raicho);
  const { entries } = await raicho.get<{ entries: unknown[] }>(
    "/api/v2/inventory/entries?type=Role&q=deep&limit=100",
  );
  expect(entries).toHaveLength(10);
});

test("a rule that fires too often on an entry is held off it until somebody says otherwise", async () => {
  const id = await made("busy");
  const other = await made("busy-too");
  for (const tag of ["a", "b", "c", "d", "e"]) await patched(id, { tags: [tag] });
  await patched(other, { tags: ["a"] });
  const breakers = await eventually("the breaker", async () => {
    const { breakers: open } = await raicho.get<{ breakers: { id: string }[] }>(
      "/api/v2/inventory/breakers",
    );
    return open.length > 0 && open;
  });
  expect(breakers).toMatchObject([{ rule: "site.often", entry: { id } }]);
  await eventually("all enforcements", async () => {
    const rows = await raicho.get<unknown[]>("/v1/ruleenforcements?rule_ref=site.often&limit=100");
    return rows.length === 6;
  });
  expect(await refusals("often")).toHaveLength(2);
  await raicho.ask(`/api/v2/inventory/breakers/${breakers[0]?.id}/reset`, { method: "POST" });
  let tag = 0;
  await eventually("the rule to fire again", async () => {
    await patched(id, { tags: [`again ${(tag += 1)}`] });
    const path = "/v1/executions?rule=site.often&status=succeeded&limit=100";
    return (await raicho.get<unknown[]>(path)).length > 4;
  });
});

test("rules that may cause each other are warned of when they are loaded", async () => {
  const { ended, printed } = runRaicho(["lint", join(folder, "site")]);
  expect(await ended).toMatchObject({ code: 0 });
  expect(`${printed.out}${printed.err}`).toMatch(/site\.ping.*site\.pong|site\.pong.*site\.ping/);
});
