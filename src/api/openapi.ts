/** OpenAPI 3.1 of the whole door, made from the declared routes, and a page that shows it. */
import type { JsonObject } from "../model/json.ts";
import { inventorySchemas } from "./inventory-answers.ts";
import { Routes, type Access, type DeclaredRoute } from "./routes.ts";

function accessText(access: Access): string {
  if (typeof access === "object") return `${access.permission} on the resource`;
  return access;
}

/** `/a/:id/*rest` → `/a/{id}/{rest}`. */
function template(path: string): string {
  return path.replaceAll(/[:*](\w+)/g, "{$1}");
}

function parametersOf({ path, query = {} }: DeclaredRoute): readonly JsonObject[] {
  const named = [...path.matchAll(/[:*](\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const asked = Object.entries(query).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
  }));
  return [...named, ...asked];
}

const words: Readonly<Record<string, string>> = {
  get: "Read",
  post: "Make",
  put: "Write",
  patch: "Change",
  delete: "Remove",
};

const sends = new Set(["post", "put", "patch"]);

function operationOf(route: DeclaredRoute): JsonObject {
  const { method, path, access, summary, body } = route;
  const own = path.startsWith("/api/v2/");
  const error = own ? "application/problem+json" : "application/json";
  const schema = { $ref: `#/components/schemas/${own ? "Problem" : "Fault"}` };
  return {
    operationId: `${method}${template(path).replaceAll(/\W+/g, "_")}`,
    summary: summary ?? `${words[method] ?? method} ${template(path)}`,
    "x-permission": accessText(access),
    security: access === "anyone" ? [] : [{ token: [] }, { apiKey: [] }, { bearer: [] }],
    parameters: parametersOf(route),
    ...(sends.has(method)
      ? { requestBody: { content: { "application/json": { schema: body ?? { type: "object" } } } } }
      : {}),
    responses: {
      ...successesOf(route),
      default: { description: "Refused.", content: { [error]: { schema } } },
    },
  };
}

/** What it answers when all goes well; of a route that does not say so only that it does. */
function successesOf({ answer }: DeclaredRoute): JsonObject {
  if (answer === undefined) return { "2XX": { description: "Done." } };
  const { status, also = [], schema, contentType = "application/json" } = answer;
  const response = { description: "Done.", content: { [contentType]: { schema } } };
  return Object.fromEntries([status, ...also].map((each) => [String(each), response]));
}

/** The document for these routes. */
export function openapi(routes: readonly DeclaredRoute[], version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of routes) {
    const path = (paths[template(route.path)] ??= {});
    path[route.method] ??= operationOf(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Raicho",
      version,
      description:
        "`/api/v2` is Raicho's own; `/v1`, `/auth/v1` and `/stream/v1` are StackStorm's. Errors of `/api/v2` are problem details (RFC 9457). Requests to `/api/v2` that write may carry an `Idempotency-Key`, and so may those of executions and webhooks.",
    },
    paths,
    components: {
      securitySchemes: {
        token: { type: "apiKey", in: "header", name: "X-Auth-Token" },
        apiKey: { type: "apiKey", in: "header", name: "St2-Api-Key" },
        bearer: { type: "http", scheme: "bearer" },
      },
      schemas: {
        ...inventorySchemas,
        Fault: {
          type: "object",
          properties: { faultstring: { type: "string" } },
          required: ["faultstring"],
        },
        Problem: {
          type: "object",
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
            code: { type: "string" },
            request_id: { type: "string" },
          },
          required: ["type", "title", "status"],
        },
      },
    },
  };
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function row(route: DeclaredRoute): string {
  const { method, path, access, query = {}, body } = route;
  const summary = route.summary ?? `${words[method] ?? method} ${template(path)}`;
  const parameters = Object.entries(query).map(
    ([name, sentence]) => `<li><code>${escaped(name)}</code> ${escaped(sentence)}</li>`,
  );
  const more = [
    parameters.length === 0 ? "" : `<ul>${parameters.join("")}</ul>`,
    body === undefined ? "" : `<pre>${escaped(JSON.stringify(body, undefined, 2))}</pre>`,
  ].join("");
  const head = `<b>${method.toUpperCase()}</b> <code>${escaped(template(path))}</code> ${escaped(summary)} <i>${escaped(accessText(access))}</i>`;
  return more === "" ? `<p>${head}</p>` : `<details><summary>${head}</summary>${more}</details>`;
}

const style =
  "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}code,pre{font-family:ui-monospace,monospace}b{display:inline-block;min-width:4.5rem}i{color:#777}pre{background:#f4f4f4;padding:.7rem;overflow:auto}p,details{margin:.3rem 0}@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}pre{background:#222}}";

/** A page without scripts. */
export function documentation(routes: readonly DeclaredRoute[]): string {
  const parts = [
    ["Raicho's own API", "/api/v2/"],
    ["StackStorm's API", "/v1/"],
    ["StackStorm's sign-in", "/auth/v1/"],
    ["StackStorm's streams", "/stream/v1/"],
  ] as const;
  const sections = parts.map(([title, base]) => {
    const rows = routes.filter(({ path }) => path.startsWith(base)).map(row);
    return `<h2>${title}</h2>${rows.join("")}`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Raicho API</title><style>${style}</style><h1>Raicho API</h1><p>As <a href="openapi.json">OpenAPI 3.1</a>. In italics: the permission that is asked for.</p>${sections.join("")}</html>`;
}

/** Below `/api/v2`; `routes` is asked when somebody looks. */
export function documentRoutes(routes: () => readonly DeclaredRoute[], version: string): Routes {
  const router = new Routes();
  router.about({ summary: "This API as OpenAPI 3.1" });
  router.get("/openapi.json", "anyone", (_request, response) => {
    response.json(openapi(routes(), version));
  });
  router.about({ summary: "This API as a page" });
  router.get("/docs", "anyone", (_request, response) => {
    response.setHeader(
      "Content-Security-Policy",
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    );
    response.type("html").send(documentation(routes()));
  });
  return router;
}
