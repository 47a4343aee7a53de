/** The packs `chatops` and `packs` on the real program: commands of a chat to their answers, and packs that come and go. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isObject } from "../../src/model/json.ts";
import { eventually } from "../support/eventually.ts";
import { follow, type Following } from "../support/follow.ts";
import { freePort } from "../support/haproxy.ts";
import { needs } from "../support/needs.ts";
import { pythonPack } from "../support/python-pack.ts";
import { adminPassword, basic, plainRequest, startRaicho, type Raicho } from "../support/raicho.ts";

const pack = pythonPack("greetings");
const elsewhere = mkdtempSync(join(tmpdir(), "raicho-visitor-"));
const manifest = (name: string, version: string): string =>
  `ref: ${name}\nname: ${name}\ndescription: d\nversion: ${version}\nauthor: A\nemail: a@example.com\n`;

/** A file of a pack that is not installed yet. */
function write(name: string, text: string): void {
  const file = join(elsewhere, "visitor", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function writeContent(): void {
  pack.file("pack.yaml", manifest("greetings", "1.0.0"));
  pack.file(
    "actions/hello.yaml",
    "name: hello\nrunner_type: local-shell-cmd\nenabled: true\nparameters:\n  who:\n    type: string\n    required: true\n" +
      "  pin:\n    type: string\n    secret: true\n    default: sesam9\n  cmd:\n    default: 'echo こんにちは {{ who }}'\n    immutable: true\n",
  );
  pack.file(
    "aliases/hello.yaml",
    "name: hello\ndescription: Greets\naction_ref: greetings.hello\nformats:\n  - 'greet {{ who }}'\n" +
      "ack:\n  format: 'on it, {{ execution.parameters.who }}'\n" +
      "result:\n  format: '{{ execution.status }}: {{ execution.result.stdout }} ({{ execution.parameters.pin }})'\n" +
      "  extra:\n    slack:\n      color: good\n",
  );
  pack.file(
    "aliases/quiet.yaml",
    "name: quiet\ndescription: Says nothing\naction_ref: core.noop\nformats:\n  - 'hush'\nresult:\n  enabled: false\n",
  );
  write("pack.yaml", manifest("visitor", "1.2.0"));
  write("actions/knock.yaml", "name: knock\nrunner_type: noop\nenabled: true\n");
}

interface Execution {
  readonly id: string;
  readonly status: string;
  readonly result: unknown;
}

interface Announcement {
  readonly payload: Readonly<Record<string, unknown>>;
}

describe.skipIf(!needs("python3"))("system packs", { timeout: 120_000 }, () => {
  let raicho: Raicho;
  let chat: Following;

  beforeAll(async () => {
    writeContent();
    raicho = await startRaicho({
      env: {
        RAICHO_PACKS: pack.path,
        RAICHO_PACK_INDEX: "off",
        RAICHO_PORT: String(await freePort()),
      },
    });
    await listen();
  });
  afterAll(async () => {
    chat.stop();
    await raicho.stop();
    pack.remove();
    rmSync(elsewhere, { recursive: true, force: true });
  });

  const listen = async (): Promise<void> => {
    const { body } = await plainRequest(`${raicho.url}/auth/v1/tokens`, {
      method: "POST",
      body: {},
      headers: basic("admin", adminPassword),
    });
    const { token } = body as { token: string };
    chat = await follow(`${raicho.url}/stream/v1/stream`, { "x-auth-token": token });
    expect(chat.status).toBe(200);
  };
  const saidIn = (channel: string): Promise<readonly Announcement[]> =>
    eventually(
      `something said in ${channel}`,
      () => {
        const found = chat.events.flatMap(({ name, data }) => {
          const payload = data["payload"];
          return name === "st2.announcement__chatops" &&
            isObject(payload) &&
            payload["channel"] === channel
            ? [{ payload }]
            : [];
        });
        return found.length > 0 ? found : undefined;
      },
      { seconds: 60 },
    );

  const finished = (id: string): Promise<Execution> =>
    eventually(
      "the end of the execution",
      async () => {
        const found = await raicho.get<Execution>(`/v1/executions/${id}`);
        return ["succeeded", "failed", "timeout"].includes(found.status) ? found : undefined;
      },
      { seconds: 60 },
    );
  const execute = async (action: string, parameters: object): Promise<Execution> => {
    const { status, body } = await raicho.ask("/v1/executions", {
      method: "POST",
      body: { action, parameters },
    });
    expect([status, body]).toEqual([201, expect.anything()]);
    return finished((body as Execution).id);
  };

  const resultOf = async (action: string, parameters: object): Promise<unknown> => {
    const { status, result } = await execute(action, parameters);
    return [
      status,
      (result as { result?: unknown; error?: unknown }).error ??
        (result as { result?: unknown }).result,
    ];
  };

  test("a command is understood, or said not to be", async () => {
    expect(await resultOf("chatops.match", { text: "greet Ann" })).toEqual([
      "succeeded",
      {
        alias: { name: "hello", pack: "greetings", action_ref: "greetings.hello" },
        representation: "greet {{ who }}",
      },
    ]);
    expect(await resultOf("chatops.match", { text: "gret Ann" })).toEqual([
      "failed",
      "Command 'gret Ann' matched no patterns",
    ]);
  });

  test("a command is run, worded as its alias says, and told in its channel", async () => {
    const command = { text: "greet Ann", channel: "#ops", user: "bo" };
    expect(await execute("chatops.run", command)).toMatchObject({ status: "succeeded" });
    const [first] = await saidIn("#ops");
    expect(first?.payload).toMatchObject({
      channel: "#ops",
      user: "bo",
      whisper: false,
      message: "succeeded: こんにちは Ann (********)",
      extra: { slack: { color: "good" } },
    });
  });

  test("the rule for Hubot tells what became of a command that came through the API", async () => {
    const { status } = await raicho.ask("/v1/aliasexecution", {
      method: "POST",
      body: {
        name: "hello",
        format: "greet {{ who }}",
        command: "greet Cho",
        user: "cy",
        source_channel: "#rules",
        notification_route: "hubot",
      },
    });
    expect(status).toBe(201);
    const [first] = await saidIn("#rules");
    expect(first?.payload).toMatchObject({
      user: "cy",
      message: "succeeded: こんにちは Cho (********)",
    });
  });

  test("an alias can keep quiet", async () => {
    const quiet = { text: "hush", source_channel: "#quiet", user: "bo" };
    const { status, result } = await execute("chatops.match_and_execute", quiet);
    expect(status).toBe("succeeded");
    const posted = await execute("chatops.post_result", {
      execution_id: (result as { result: string }).result,
      channel: "#quiet",
    });
    expect(posted.result).toEqual({ output: { note: "Execution result is disabled." } });
    await execute("chatops.post_message", { message: "enough", channel: "#quiet" });
    const all = await saidIn("#quiet");
    expect(all.map(({ payload }) => payload["message"])).toEqual(["enough"]);
  });

  test("packs come, are put aside, come back and go", async () => {
    const installed = await raicho.ask("/v1/packs/install", {
      method: "POST",
      body: { packs: [join(elsewhere, "visitor")] },
    });
    expect(installed.status).toBe(202);
    const { execution_id } = installed.body as { execution_id: string };
    expect(await finished(execution_id)).toMatchObject({
      status: "succeeded",
      result: { output: { packs_list: ["visitor"], message: "Successfully installed packs" } },
    });
    expect(await execute("visitor.knock", {})).toMatchObject({ status: "succeeded" });
    expect(await resultOf("packs.get", { pack: "visitor" })).toMatchObject([
      "succeeded",
      { pack: { ref: "visitor", version: "1.2.0" } },
    ]);
    expect(await resultOf("packs.unload", { packs: ["visitor"] })).toEqual([
      "succeeded",
      ["visitor"],
    ]);
    expect((await raicho.ask("/v1/actions/visitor.knock")).status).toBe(404);
    expect(await resultOf("packs.load", { packs: ["visitor"] })).toMatchObject([
      "succeeded",
      { actions: 1 },
    ]);
    expect((await raicho.ask("/v1/actions/visitor.knock")).status).toBe(200);
    const removed = await raicho.ask("/v1/packs/uninstall", {
      method: "POST",
      body: { packs: ["visitor"] },
    });
    expect(await finished((removed.body as { execution_id: string }).execution_id)).toMatchObject({
      status: "succeeded",
    });
    expect((await raicho.ask("/v1/actions/visitor.knock")).status).toBe(404);
  });

  test("packs are fetched, get an environment, and are deleted", async () => {
    const from = join(elsewhere, "visitor");
    expect(await resultOf("packs.download", { packs: [from] })).toEqual([
      "succeeded",
      { visitor: "Success." },
    ]);
    // Fetched is not in use yet.
    expect((await raicho.ask("/v1/actions/visitor.knock")).status).toBe(404);
    expect(await resultOf("packs.get", { pack: "visitor" })).toMatchObject([
      "succeeded",
      { pack: { ref: "visitor", version: "1.2.0" }, git_status: null },
    ]);
    expect(await resultOf("packs.get", { pack: "../visitor" })).toMatchObject([
      "succeeded",
      { pack: null },
    ]);
    expect(await resultOf("packs.load", { packs: ["visitor"] })).toMatchObject([
      "succeeded",
      { actions: 1 },
    ]);
    expect(await resultOf("packs.setup_virtualenv", { packs: ["visitor"] })).toMatchObject([
      "succeeded",
      expect.stringMatching(/^Successfully set up virtualenv for the following packs: visitor/),
    ]);
    expect(await resultOf("packs.setup_virtualenv", { packs: ["nobody"] })).toEqual([
      "failed",
      'there is no pack "nobody"',
    ]);
    expect(await resultOf("packs.delete", { packs: ["visitor"] })).toEqual([
      "succeeded",
      ["visitor"],
    ]);
    expect((await raicho.ask("/v1/actions/visitor.knock")).status).toBe(404);
    expect(await resultOf("packs.delete", { packs: ["visitor"] })).toEqual([
      "failed",
      expect.stringMatching(/^not installed in .*: visitor$/),
    ]);
  });

  test("what cannot be had or must not go is said", async () => {
    expect(await resultOf("packs.install", { packs: ["nowhere"] })).toEqual([
      "failed",
      'no index knows the pack "nowhere". A directory is written as ./nowhere',
    ]);
    expect(await resultOf("packs.uninstall", { packs: ["core"] })).toEqual([
      "failed",
      "packs of the system cannot be uninstalled: core",
    ]);
    expect((await raicho.ask("/v1/packs/install", { method: "POST", body: {} })).status).toBe(400);
    expect(await resultOf("packs.show", { pack: "x" })).toEqual(["succeeded", { pack: null }]);
    expect(await resultOf("packs.search", { query: "x" })).toEqual(["succeeded", []]);
    expect(await raicho.get("/v1/packs/index")).toMatchObject({ index: {} });
  });
});
