/** Every operation of StackStorm's API has a route: what it is asked for may be refused, but is never unknown. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, type Raicho, removeHome, startRaicho } from "../support/raicho.ts";

const surface = "../shared/reference/st2-surface.md";
const present = existsSync(surface);

interface Operation {
  readonly method: string;
  readonly path: string;
}

/** The table of operations: `|GET|\`/actions/{ref_or_id}\`|…`; `A/` is the service of tokens, `S/` that of streams. */
function operations(): readonly Operation[] {
  const text = present ? readFileSync(surface, "utf8") : "";
  const rows = text.matchAll(/^\|(GET|POST|PUT|DELETE)\|`([AS]?)(\/[^`]*)`\|/gm);
  return [...rows].map(([, method = "", service = "", path = ""]) => ({
    method,
    path:
      ({ A: "/auth/v1", S: "/stream/v1" }[service] ?? "/v1") +
      path.replaceAll(/\{[^}]*\}/g, "missing"),
  }));
}

/** What StackStorm has and Raicho does not: who signs in elsewhere comes back by OpenID Connect, not by SAML. */
const absent = /^POST \/auth\/v1\/sso\/callback$/;

function cron(day: string): object {
  return {
    name: "r",
    trigger: { type: "core.st2.CronTimer", parameters: { day_of_week: day } },
    action: { ref: "core.noop" },
    criteria: {},
  };
}

describe.skipIf(!present)("the operations of StackStorm's API", () => {
  let raicho: Raicho;

  beforeAll(async () => {
    raicho = await startRaicho({ env: { RAICHO_AUTH: "off" } });
  }, 120_000);

  afterAll(async () => {
    await raicho.stop();
    removeHome(raicho.home);
  }, 60_000);

  test("none is unknown", async () => {
    const all = operations();
    expect(all.length).toBeGreaterThan(100);
    const unknown: string[] = [];
    for (const { method, path } of all) {
      const writes = method === "POST" || method === "PUT";
      const response = await fetch(`${raicho.url}${path}`, {
        method,
        redirect: "manual",
        headers: writes ? { "content-type": "application/json" } : {},
        ...(writes ? { body: "{}" } : {}),
        signal: AbortSignal.timeout(30_000),
      });
      const streams = /event-stream/.test(response.headers.get("content-type") ?? "");
      const said = streams ? "" : await response.text();
      if (streams) await response.body?.cancel();
      const lost = response.status === 405 || response.status >= 500;
      if (lost || said.includes("The resource could not be found."))
        unknown.push(`${method} ${path}`);
    }
    expect(unknown.filter((each) => !absent.test(each))).toStrictEqual([]);
  }, 120_000);

  const ask = (path: string, method = "GET", body?: unknown): Promise<Answer> =>
    raicho.ask(path, body === undefined ? { method } : { method, body });

  test("a trigger that a client made is looked for until it is removed", async () => {
    const hook = { type: "core.st2.webhook", parameters: { url: "kept" } };
    expect((await ask("/v1/webhooks/kept", "POST", {})).status).toBe(404);
    const made = await ask("/v1/triggers", "POST", { name: "kept", description: "d", ...hook });
    expect(made).toMatchObject({
      status: 201,
      body: {
        ref: "default.kept",
        pack: "default",
        description: "d",
        ...hook,
        uid: expect.stringMatching(/^trigger:default:kept:[0-9a-f]{32}$/) as unknown,
      },
    });
    const { id } = made.body as { id: string };
    expect((await ask("/v1/triggers", "POST", { name: "kept", ...hook })).body).toEqual(made.body);
    expect((await ask("/v1/webhooks/kept", "POST", { a: 1 })).status).toBe(202);
    expect((await ask("/v1/webhooks/kept")).body).toEqual(made.body);
    expect((await ask("/v1/triggers")).body).toContainEqual(made.body);
    const changed = await ask(`/v1/triggers/${id}`, "PUT", { description: "other", ...hook });
    expect(changed).toMatchObject({ status: 200, body: { id, description: "other" } });
    expect((await ask(`/v1/triggers/${id}`, "DELETE")).status).toBe(204);
    expect((await ask(`/v1/triggers/${id}`)).status).toBe(404);
    expect((await ask("/v1/webhooks/kept", "POST", {})).status).toBe(404);
  });

  test.each([
    ["without a type", {}, "'type' is a required property"],
    ["of an unknown type", { type: "core.nope" }, 'Trigger type "core.nope" cannot be found.'],
    ["with wrong parameters", { type: "core.st2.webhook" }, "'url' is a required property"],
  ])("a trigger %s is refused", async (_, body, sentence) => {
    const refused = await ask("/v1/triggers", "POST", body);
    expect(refused.status).toBe(400);
    expect((refused.body as { faultstring: string }).faultstring).toContain(sentence);
  });

  const action = { name: "x", pack: "default", runner_type: "local-shell-cmd" };

  test.each([
    [
      "/v1/actions",
      { ...action, parameters: { sudo: { type: "number" } } },
      'The attribute "type" for the runner parameter "sudo" in action "default.x" cannot be overridden.',
    ],
    ["/v1/rules", cron("mon-fri,abc"), 'Invalid weekday name "abc"'],
    ["/v1/rules", cron("a-1"), 'Invalid weekday name "a"'],
    ["/v1/webhooks/st2", [1], "Webhook body needs to be an object, got: array"],
    [
      "/v1/webhooks/st2",
      { trigger: "core.st2.generic.notifytrigger", payload: "odd" },
      "not dispatching a trigger \"core.st2.generic.notifytrigger\" (odd): 'odd' is not of type 'object'\n\nFailed validating 'type' in schema:",
    ],
    ["/v1/packs/register", { packs: ["nope"] }, 'Pack "nope" not found on disk: Directory "'],
  ])("%s refuses %j in StackStorm's words", async (path, body, sentence) => {
    const refused = await ask(path, "POST", body);
    expect(refused.status).toBe(400);
    expect((refused.body as { faultstring: string }).faultstring).toContain(sentence);
  });

  test("registering a pack fails where something of it cannot be read, unless that is forgiven", async () => {
    const path = "/v1/packs/register";
    const pack = join(raicho.home, "packs/odd");
    mkdirSync(join(pack, "actions"), { recursive: true });
    const about = { ref: "odd", name: "odd", description: "d", version: "1.0.0" };
    const pack_yaml = { ...about, author: "a", email: "a@example.com" };
    writeFileSync(join(pack, "pack.yaml"), JSON.stringify(pack_yaml));
    writeFileSync(join(pack, "actions/wrong.yaml"), '{"name":"wrong","runner_type":7}');
    const refused = await ask(path, "POST", { packs: ["odd"] });
    expect(refused.status).toBe(400);
    expect((refused.body as { faultstring: string }).faultstring).toContain(
      `Failed to register action "${join(pack, "actions/wrong.yaml")}" from pack "odd": `,
    );
    expect((await ask(path, "POST", { packs: ["odd"], types: ["rules"] })).status).toBe(200);
    expect(await ask(path, "POST", { packs: ["odd"], fail_on_failure: false })).toMatchObject({
      status: 200,
      body: { actions: 0, problems: [expect.stringContaining("wrong.yaml") as unknown] },
    });
  });

  test("a trigger of a type or a rule is not written by itself", async () => {
    const { body } = await ask("/v1/triggers");
    const [first] = body as readonly { id: string; ref: string }[];
    const refused = await ask(`/v1/triggers/${first?.id}`, "DELETE");
    expect(refused.status).toBe(400);
    expect((refused.body as { faultstring: string }).faultstring).toContain(first?.ref);
  });

  test("the API is there without a version, too", async () => {
    expect((await ask("/")).body).toMatchObject({ version: "3.10" });
    expect((await ask("/actions?limit=1")).headers.get("x-limit")).toBe("1");
    expect((await ask("/nowhere")).status).toBe(404);
  });

  test("what belongs to a pack keeps its ref, whatever is asked for", async () => {
    const { body } = await ask("/v1/actions?include_attributes=entry_point&limit=1");
    expect(Object.keys((body as readonly object[])[0] ?? {}).toSorted()).toEqual([
      "entry_point",
      "id",
      "ref",
    ]);
  });

  test("filter= names a path of the execution", async () => {
    const { body } = await ask("/v1/executions", "POST", { action: "core.noop" });
    const { id } = body as { id: string };
    const listed = async (filter: string): Promise<Answer> =>
      ask(`/v1/executions?filter=${encodeURIComponent(filter)}`);
    expect((await listed("action.ref:core.noop context.user:admin")).body).toMatchObject([{ id }]);
    expect((await listed("action.ref:core.noop context.user:mio")).body).toEqual([]);
    expect((await listed("a:b,c:d")).body).toEqual({ faultstring: 'Cannot resolve field "a"' });
    expect((await listed("action.ref")).body).toEqual({
      faultstring: 'invalid format for filter "action.ref"',
    });
  });

  test("pages of /api/v2/executions begin where the last one ended", async () => {
    for (let n = 0; n < 5; n++) await ask("/v1/executions", "POST", { action: "core.noop" });
    const seen: string[] = [];
    let cursor = "";
    for (let page = 0; page < 20; page++) {
      const { body } = await ask(`/api/v2/executions?limit=2&action=core.noop${cursor}`);
      const { items, next } = body as { items: readonly { id: string }[]; next: string | null };
      seen.push(...items.map(({ id }) => id));
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    expect(seen.length).toBeGreaterThanOrEqual(5);
    expect(seen).toEqual([...new Set(seen)].toSorted().toReversed());
    expect((await ask(`/api/v2/executions/${seen[0]}`)).body).toMatchObject({ id: seen[0] });
    const refused = await ask("/api/v2/executions?cursor=x");
    expect(refused.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(refused).toMatchObject({ status: 400, body: { code: "PARAMETERS_INVALID" } });
  });

  test("what nests deeper than 500 levels is refused before it is read", async () => {
    const body = `{"action":"core.noop","parameters":{"a":${"[".repeat(600)}${"]".repeat(600)}}}`;
    for (const path of ["/v1/executions", "/v1/webhooks/st2", "/auth/v1/tokens"]) {
      const refused = await fetch(raicho.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      expect([path, refused.status]).toEqual([path, 400]);
      expect(await refused.text()).toContain("nested deeper than 500 levels");
    }
  });
});
