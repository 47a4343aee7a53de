/** Definitions written through the API: they work at once in every process, outlive a restart, and give way to files when those are registered. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Raicho, removeHome, startRaicho, temporaryHome } from "../support/raicho.ts";

const packs = mkdtempSync(join(tmpdir(), "raicho-packs-"));
const pack = join(packs, "site");
const home = temporaryHome();
let raicho: Raicho;

const start = (): Promise<Raicho> => startRaicho({ home, env: { RAICHO_PACKS: packs } });

beforeAll(async () => {
  mkdirSync(join(pack, "actions"), { recursive: true });
  const about = { ref: "site", name: "site", description: "d", version: "1.0.0", author: "a" };
  writeFileSync(join(pack, "pack.yaml"), JSON.stringify({ ...about, email: "a@example.com" }));
  const action = { name: "hello", runner_type: "local-shell-cmd", description: "from the file" };
  writeFileSync(
    join(pack, "actions/hello.yaml"),
    JSON.stringify({ ...action, parameters: { cmd: { default: "echo hello", immutable: true } } }),
  );
  writeFileSync(
    join(pack, "config.schema.yaml"),
    JSON.stringify({ port: { type: "integer", required: true }, key: { secret: true } }),
  );
  raicho = await start();
}, 120_000);

afterAll(async () => {
  await raicho.stop();
  removeHome(home);
  rmSync(packs, { recursive: true });
}, 60_000);

function flow(word: string): string {
  return `version: 1.0\ntasks:\n  t: { action: core.echo message="${word}", next: [{ publish: [{ said: <% result().stdout %> }] }] }\noutput: [{ said: <% ctx().said %> }]\n`;
}

function flowAction(word: string): Record<string, unknown> {
  return {
    name: "flow",
    pack: "site",
    runner_type: "orquesta",
    entry_point: "workflows/flow.yaml",
    data_files: [{ file_path: "workflows/flow.yaml", content: flow(word) }],
  };
}

/** Runs it and gives its end. */
async function ended(
  action: string,
  parameters = {},
): Promise<{ status: string; result: { stdout: unknown; output: unknown } }> {
  const { status, body } = await raicho.ask("/v1/executions", {
    method: "POST",
    body: { action, parameters },
  });
  expect(status).toBe(201);
  const { id } = body as { id: string };
  return eventually(`the end of ${action}`, async () => {
    const seen = await raicho.get<{ status: string; result: { stdout: unknown; output: unknown } }>(
      `/v1/executions/${id}`,
    );
    return ["succeeded", "failed"].includes(seen.status) ? seen : undefined;
  });
}

test("an action is there for every process as soon as it is answered, and changes at once", async () => {
  const action = {
    name: "greet",
    pack: "site",
    runner_type: "local-shell-cmd",
    parameters: { cmd: { default: "echo one", immutable: true } },
  };
  const made = await raicho.ask("/v1/actions", { method: "POST", body: action });
  expect(made).toMatchObject({ status: 201, body: { ref: "site.greet", metadata_file: "" } });
  expect((await ended("site.greet")).result.stdout).toBe("one");
  const again = await raicho.ask("/v1/actions", { method: "POST", body: action });
  expect(again.status).toBe(409);
  expect(again.body).toMatchObject({ "conflict-id": (made.body as { id: string }).id });
  const changed = { ...action, parameters: { cmd: { default: "echo two", immutable: true } } };
  await raicho.ask("/v1/actions/site.greet", { method: "PUT", body: changed });
  expect((await ended("site.greet")).result.stdout).toBe("two");
});

test("a workflow comes with its file, and is copied with it", async () => {
  expect((await raicho.ask("/v1/actions", { method: "POST", body: flowAction("a") })).status).toBe(
    201,
  );
  expect(await ended("site.flow")).toMatchObject({ result: { output: { said: "a" } } });
  const again = { ...flowAction("b"), metadata_file: "actions/flow.meta.yaml" };
  const put = await raicho.ask("/v1/actions/site.flow", { method: "PUT", body: again });
  // Editors read there what they wrote.
  expect(put).toMatchObject({ status: 200, body: { metadata_file: "actions/flow.meta.yaml" } });
  const file = await raicho.ask("/v1/packs/views/file/site/actions/workflows/flow.yaml");
  expect(String(file.body)).toContain('message="b"');
  expect(file.headers.get("cache-control")).toBe("no-cache");
  const shown = await raicho.get<readonly { ref: string; files: readonly string[] }[]>(
    "/v1/packs?include_attributes=ref,files&ref=site",
  );
  expect(shown[0]?.files).toContain("actions/workflows/flow.yaml");
  expect((await ended("site.flow")).result.output).toEqual({ said: "b" });
  const copy = { dest_pack: "site", dest_action: "copy" };
  const clone = await raicho.ask("/v1/actions/site.flow/clone", { method: "POST", body: copy });
  expect(clone).toMatchObject({ status: 201, body: { entry_point: "workflows/copy.yaml" } });
  expect((await ended("site.copy")).result.output).toEqual({ said: "b" });
  // A directory lies where the file would go.
  mkdirSync(join(pack, "actions/workflows/taken.yaml"));
  const taken = await raicho.ask("/v1/actions/site.flow/clone", {
    method: "POST",
    body: { ...copy, dest_action: "taken" },
  });
  expect(taken).toMatchObject({
    status: 400,
    body: {
      faultstring: expect.stringMatching(/^Unable to copy file to .*taken\.yaml/) as unknown,
    },
  });
  const outside = { ...flowAction("c"), data_files: [{ file_path: "../../x.yaml", content: "x" }] };
  const refused = await raicho.ask("/v1/actions/site.flow", { method: "PUT", body: outside });
  expect(refused.status).toBe(400);
});

test("a rule fires, is switched off, and what it listened to stays open", async () => {
  const rule = {
    name: "hook",
    pack: "site",
    enabled: true,
    trigger: { type: "core.st2.webhook", parameters: { url: "stored" } },
    criteria: {},
    action: { ref: "core.echo", parameters: { message: "{{ trigger.body.word }}" } },
  };
  const made = await raicho.ask("/v1/rules", { method: "POST", body: rule });
  expect(made).toMatchObject({ status: 201, body: { context: { user: "admin" } } });
  const hook = (word: string): Promise<{ status: number }> =>
    raicho.ask("/v1/webhooks/stored", { method: "POST", body: { word } });
  expect((await hook("first")).status).toBe(202);
  const fired = async (): Promise<readonly unknown[]> =>
    raicho.get<readonly unknown[]>("/v1/ruleenforcements?rule_ref=site.hook");
  await eventually("the rule to fire", async () => (await fired()).length === 1);
  const caused = { rule: { ref: "site.hook" }, trigger: { type: "core.st2.webhook" } };
  expect(
    await raicho.get("/v1/executions?rule=site.hook&include_attributes=rule.ref,trigger.type"),
  ).toMatchObject([caused]);
  expect(await raicho.get("/v1/executions?rule=site.hook")).toMatchObject([
    { ...caused, trigger_instance: { payload: { body: { word: "first" } } } },
  ]);
  await raicho.ask("/v1/rules/site.hook", {
    method: "PUT",
    body: { ...(made.body as object), enabled: false },
  });
  expect((await hook("second")).status).toBe(202);
  const unknown = { ...rule, name: "x", trigger: { type: "no.such" } };
  expect((await raicho.ask("/v1/rules", { method: "POST", body: unknown })).body).toEqual({
    faultstring:
      'Trigger "no.such" defined in the rule does not exist in system or it\'s missing required "parameters" attribute',
  });
  expect(await fired()).toHaveLength(1);
});

test("a configuration is checked, written to its file, and its secrets stay hidden", async () => {
  const bad = await raicho.ask("/v1/configs/site", { method: "PUT", body: { port: "x" } });
  expect(bad.status).toBe(400);
  const twice = await raicho.ask("/v1/configs/site", {
    method: "PUT",
    body: { port: 5, key: "{{ st2kv.system.k | decrypt_kv }}" },
  });
  expect(twice).toMatchObject({
    status: 400,
    body: { faultstring: expect.stringContaining('Use of "decrypt_kv" jinja filter') as unknown },
  });
  const good = await raicho.ask("/v1/configs/site", {
    method: "PUT",
    body: { port: 5, key: "hush" },
  });
  expect(good.body).toMatchObject({ pack: "site", values: { port: 5, key: "********" } });
  expect(readFileSync(join(home, "configs/site.yaml"), "utf8")).toBe("port: 5\nkey: hush\n");
  expect(await raicho.get("/v1/configs/site?show_secrets=true")).toMatchObject({
    values: { port: 5, key: "hush" },
  });
});

test("system packs stay as they are; a runner that is switched off runs nothing", async () => {
  const gone = await raicho.ask("/v1/actions/core.local", { method: "DELETE" });
  expect(gone).toMatchObject({
    status: 400,
    body: { faultstring: "Resources belonging to system level packs can't be manipulated" },
  });
  const off = await raicho.ask("/v1/runnertypes/noop", { method: "PUT", body: { enabled: false } });
  expect(off.body).toMatchObject({ name: "noop", enabled: false });
  const run = await raicho.ask("/v1/executions", { method: "POST", body: { action: "core.noop" } });
  expect(run.status).toBe(400);
  await raicho.ask("/v1/runnertypes/noop", { method: "PUT", body: { enabled: true } });
  expect((await ended("core.noop")).status).toBe("succeeded");
});

test("all of it outlives a restart; registering lets files count again", async () => {
  const edited = { description: "edited", runner_type: "local-shell-cmd", enabled: false };
  await raicho.ask("/v1/actions/site.hello", { method: "PUT", body: edited });
  await raicho.stop();
  raicho = await start();
  expect(await raicho.get("/v1/actions/site.hello")).toMatchObject(edited);
  expect((await ended("site.greet")).result.stdout).toBe("two");
  expect(await raicho.get("/v1/rules/site.hook")).toMatchObject({ enabled: false });
  await raicho.ask("/v1/actions/site.hello", { method: "DELETE" });
  expect((await raicho.ask("/v1/actions/site.hello")).status).toBe(404);
  await raicho.ask("/v1/packs/register", { method: "POST", body: {} });
  expect(await raicho.get("/v1/actions/site.hello")).toMatchObject({
    description: "from the file",
    enabled: true,
  });
  expect((await raicho.ask("/v1/actions/site.greet")).status).toBe(200);
  expect((await raicho.ask("/v1/actions/site.greet", { method: "DELETE" })).status).toBe(204);
  expect((await raicho.ask("/v1/actions/site.greet")).status).toBe(404);
}, 120_000);
