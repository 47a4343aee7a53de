/** `/inquiries`: questions that wait for people. */
import { answerInquiry } from "../engine/request.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { pendingInquiries, type StoredExecution } from "../store/executions.ts";
import type { Door } from "./door.ts";
import { existing } from "./existing.ts";
import { userOf } from "./guard.ts";
import { attributes, countHeaders, paging, project, refusal } from "./query.ts";
import { inquiryNamed } from "./resources.ts";
import { on, Routes } from "./routes.ts";

const shownNames: ReadonlySet<string> = new Set(["id", "route", "ttl", "users", "roles", "schema"]);

function view({ id, result }: StoredExecution): JsonObject {
  const {
    route = "",
    ttl = 1440,
    users = [],
    roles = [],
    schema = {},
  } = isObject(result) ? result : {};
  return { id, route, ttl, users, roles, schema };
}

/** The inquiry of that id while it can be answered. */
async function open(door: Door, id: string): Promise<StoredExecution> {
  const execution = await existing(door, id);
  if (execution.runner !== "inquirer") throw refusal(`Action execution "${id}" is not an inquiry.`);
  if (execution.status === "timeout")
    throw refusal(`Inquiry "${id}" timed out and cannot be responded to.`);
  if (execution.status !== "pending")
    throw refusal(`Inquiry "${id}" has already been responded to.`);
  return execution;
}

export function inquiryRoutes(door: Door): Routes {
  const { core } = door;
  const router = new Routes();
  router.get("/inquiries", "inquiry_list", async (request, response) => {
    const page = paging(request, 20, response);
    const wanted = attributes(request, { names: shownNames, word: "attributes" });
    const pending = await pendingInquiries(core.database.db);
    countHeaders(response, pending.length, page);
    const shown = pending.slice(page.offset, page.offset + page.limit);
    response.json(shown.map((each) => project(view(each), wanted)));
  });
  router.get(
    "/inquiries/:id",
    on("inquiry_view", inquiryNamed(door)),
    async (request, response) => {
      response.json(view(await open(door, request.params.id)));
    },
  );
  router.put(
    "/inquiries/:id",
    on("inquiry_respond", inquiryNamed(door)),
    async (request, response) => {
      const body: unknown = request.body;
      if (!isObject(body) || body["response"] === undefined)
        throw refusal("'response' is a required property");
      const { id } = await open(door, request.params.id);
      await answerInquiry(core, id, body["response"], userOf(response));
      response.json({ id, response: body["response"] });
    },
  );
  return router;
}
