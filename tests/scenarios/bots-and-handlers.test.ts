/** What StackStorm's chat bot and the monitoring handlers of packs send, as recorded from hubot-stackstorm on Hubot 11 and from the handlers of the packs
 * `nagios` and `sensu`, which were run unmodified against Raicho: their addresses, headers and bodies, and what they need in the answers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { follow } from "../support/follow.ts";
import { pythonPack } from "../support/python-pack.ts";
import { adminPassword, basic, plainRequest, startRaicho, type Raicho } from "../support/raicho.ts";

const pack = pythonPack("chatty");
const person = { id: "1", name: "shimizu", room: "ops" };
const requests = { "user-agent": "python-requests/2.34.2", accept: "*/*" };

function writeContent(): void {
  pack.file(
    "pack.yaml",
    "ref: chatty\nname: chatty\ndescription: d\nversion: 0.1.0\nauthor: A\nemail: a@example.com\n",
  );
  pack.file(
    "aliases/say.yaml",
    "name: say\ndescription: Says a word\naction_ref: core.echo\nformats:\n  - 'say {{ message }}'\n" +
      "ack:\n  format: 'on it, {{ execution.id }}'\nresult:\n  format: 'said: {{ execution.result.stdout }}'\n",
  );
}

interface Instance {
  readonly id: string;
  readonly status: string;
  readonly payload: unknown;
}

describe("bots and handlers", { timeout: 120_000 }, () => {
  let raicho: Raicho;

  beforeAll(async () => {
    writeContent();
    raicho = await startRaicho({ env: { RAICHO_PACKS: pack.path, RAICHO_PACK_INDEX: "off" } });
  });
  afterAll(async () => {
    await raicho.stop();
    pack.remove();
  });

  const tokenBy = async (
    path: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<string> => {
    const response = await fetch(raicho.url + path, {
      method: "POST",
      headers: { ...basic("admin", adminPassword), ...headers },
      // Bytes have no type of their own, as the libraries of those programs send them.
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    });
    expect(response.status).toBe(201);
    const { token } = (await response.json()) as { token: string };
    return token;
  };
  const instancesOf = (trigger: string, count: number): Promise<readonly Instance[]> =>
    eventually(
      `what happened to ${trigger}`,
      async () => {
        const found = await raicho.get<Instance[]>(`/v1/triggerinstances?trigger=${trigger}`);
        return found.length >= count && found.every(({ status }) => status === "processed")
          ? found
          : undefined;
      },
      { seconds: 60 },
    );

  test("a chat bot signs in, reads the commands, listens, and tells what became of one", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const token = await tokenBy("/auth/tokens", form);
    const chat = await follow(`${raicho.url}/stream/v1/stream?x-auth-token=${token}`, {
      accept: "text/event-stream",
    });
    expect(chat.status).toBe(200);
    expect(chat.type).toMatch(/^text\/event-stream/);

    const headers = { "x-auth-token": token, accept: "application/json, text/plain, */*" };
    const aliases = await plainRequest(`${raicho.url}/api/v1/actionalias?limit=-1&offset=0`, {
      headers,
    });
    expect(aliases.body).toContainEqual(
      expect.objectContaining({
        name: "say",
        description: "Says a word",
        enabled: true,
        formats: ["say {{ message }}"],
      }),
    );

    const asked = await plainRequest(`${raicho.url}/api/v1/aliasexecution`, {
      method: "POST",
      headers,
      body: {
        name: "say",
        format: "say {{ message }}",
        command: "say こんにちは",
        user: person.name,
        source_channel: person.room,
        source_context: {
          user: person,
          done: false,
          room: person.room,
          text: "bot say こんにちは",
        },
        notification_route: "hubot",
      },
    });
    expect(asked.status).toBe(201);
    const { execution } = asked.body as { execution: { id: string; web_url: string } };
    expect(asked.body).toMatchObject({
      message: `on it, ${execution.id}`,
      actionalias: { name: "say", ack: { format: "on it, {{ execution.id }}" } },
    });
    expect(execution.web_url).toContain(`#/history/${execution.id}/general`);

    const { data } = await chat.until(({ name }) => name === "st2.announcement__chatops");
    expect(data["payload"]).toMatchObject({
      message: "said: こんにちは",
      channel: person.room,
      user: person.name,
      whisper: false,
    });
    chat.stop();
  });

  test("a chat bot is told what is wrong with a command", async () => {
    const token = await tokenBy("/auth/tokens", {});
    const { status, body, headers } = await plainRequest(`${raicho.url}/api/v1/aliasexecution`, {
      method: "POST",
      headers: { "x-auth-token": token },
      body: {
        name: "nothing",
        format: "no {{ thing }}",
        command: "no such",
        user: "shimizu",
        source_channel: "ops",
        notification_route: "hubot",
      },
    });
    expect(status).toBe(404);
    expect(body).toEqual({ faultstring: expect.stringContaining("nothing") });
    expect(headers.get("x-request-id")).toBeTruthy();
  });

  test("the handler for Nagios registers its trigger once, and its states arrive", async () => {
    const token = await tokenBy("/auth/v1/tokens", requests, '{"ttl": 300}');
    const headers = { ...requests, "x-auth-token": token };
    const trigger = "nagios.service_state_change";
    const type = `${raicho.url}/api/v1/triggertypes`;
    expect((await plainRequest(`${type}/${trigger}`, { headers })).status).toBe(404);
    const own = { ...headers, "content-type": "application/json; charset=utf-8" };
    const made = { name: "service_state_change", pack: "nagios", description: "Trigger type" };
    const make = { method: "POST", headers: own, body: made };
    expect((await plainRequest(type, make)).status).toBe(201);
    // Two handlers may come at once.
    expect((await plainRequest(type, make)).status).toBe(409);
    expect((await plainRequest(`${type}/${trigger}`, { headers })).status).toBe(200);

    const payload = {
      host: "web01",
      service: "HTTP",
      event_id: "42",
      state: "CRITICAL",
      state_id: "2",
      state_type: "HARD",
      attempt: "3",
      msg: "Critical!",
    };
    const sent = await plainRequest(`${raicho.url}/api/v1/webhooks/st2`, {
      method: "POST",
      headers: { ...own, "x-st2-integration": "nagios." },
      body: { trigger, payload },
    });
    expect(sent.status).toBe(202);
    expect(await instancesOf(trigger, 1)).toMatchObject([{ payload }]);
  });

  test("the handler for Sensu starts rules, within its trace, with an API key", async () => {
    const made = await raicho.ask("/v1/apikeys", { method: "POST", body: { user: "admin" } });
    const { key } = made.body as { key: string };
    const headers = {
      ...requests,
      "st2-api-key": key,
      "content-type": "application/json; charset=utf-8",
    };
    const trigger = "sensu.event_handler";
    const type = { name: "event_handler", pack: "sensu", description: "Trigger type" };
    const base = `${raicho.url}/api/v1`;
    const registered = { method: "POST", headers, body: type };
    expect((await plainRequest(`${base}/triggertypes`, registered)).status).toBe(201);
    const rule = {
      name: "sensu_down",
      pack: "chatty",
      enabled: true,
      trigger: { type: trigger },
      criteria: { "trigger.check.status": { type: "eq", pattern: 2 } },
      action: { ref: "core.echo", parameters: { message: "{{ trigger.client.name }}" } },
    };
    expect((await raicho.ask("/v1/rules", { method: "POST", body: rule })).status).toBe(201);

    const event = {
      id: "ev-1",
      client: { name: "web01", address: "10.0.0.1", timestamp: 1 },
      check: { name: "http", output: "down", status: 2 },
      occurrences: 1,
      action: "create",
    };
    const sent = await plainRequest(`${base}/webhooks/st2`, {
      method: "POST",
      headers: { ...headers, "x-st2-integration": "sensu.", "st2-trace-tag": event.id },
      body: { trigger, payload: event },
    });
    expect(sent.status).toBe(202);
    const [instance] = await instancesOf(trigger, 1);
    expect(instance).toMatchObject({ payload: event });
    const traces = await raicho.get<{ action_executions: { ref: string }[] }[]>(
      `/v1/traces?trace_tag=${event.id}`,
    );
    expect(traces).toMatchObject([
      {
        trace_tag: event.id,
        action_executions: [{ ref: "core.echo" }],
        rules: [{ ref: "chatty.sensu_down" }],
        trigger_instances: [{ object_id: instance?.id, ref: trigger }],
      },
    ]);
  });
});
