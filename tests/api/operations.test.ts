/** Every operation of StackStorm's API has a route: what it is asked for may be refused, but is never unknown. */
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Raicho, removeHome, startRaicho } from "../support/raicho.ts";

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

/** What StackStorm has and Raicho does not: a trigger here is what rules listen to, and is never written by itself; who signs in elsewhere comes back
 * by OpenID Connect, not by SAML. */
const absent = /^(?:(?:POST|PUT|DELETE) \/v1\/triggers(?:\/|$)|POST \/auth\/v1\/sso\/callback$)/;

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
});
