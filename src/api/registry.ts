/** What clients ask to learn where they are: the version, who they are, who works here. */
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import { liveProcesses } from "../store/processes.ts";
import type { Door } from "./door.ts";
import { shownIn, isAdmin, userOf } from "./guard.ts";
import { Routes } from "./routes.ts";
import { traceRoutes } from "./traces.ts";

/** The version of StackStorm's API that is spoken. */
const version = "3.10";

export function registryRoutes(door: Door): Routes {
  const { db } = door.core.database;
  const router = new Routes();
  router.get("/", "signed in", (_request, response) => {
    response.json({ version, docs_url: `${door.core.webUrl}/docs` });
  });
  router.get("/user", "signed in", (request, response) => {
    const { name, roles, shown } = userOf(response);
    const method = shown?.kind === "api_key" ? "API key" : "authentication token";
    const authentication: JsonObject = {
      method,
      location: shownIn(request, door.signIn)?.location ?? "header",
      ...(shown?.expires == null
        ? {}
        : { token_expire: shown.expires.toISOString().replace("Z", "000Z") }),
    };
    response.json({
      username: name,
      authentication: shown === undefined ? { method: "none", location: "none" } : authentication,
      rbac: {
        enabled: door.auth && door.book.enforced,
        roles: [...roles],
        is_admin: isAdmin({ roles }),
      },
    });
  });
  router.get("/service_registry/groups", "admin", async (_request, response) => {
    const groups = new Set((await liveProcesses(db)).map(({ role }) => role));
    response.json({ groups: [...groups] });
  });
  router.get("/service_registry/groups/:group/members", "admin", async (request, response) => {
    const { group } = request.params;
    const members = (await liveProcesses(db)).filter(({ role }) => role === group);
    if (members.length === 0)
      throw new AppError("NOT_FOUND", [`Group with ID "${group}" not found.`]);
    response.json({
      members: members.map(({ id, role, host, pid }) => ({
        group_id: role,
        member_id: id,
        capabilities: { hostname: host, pid },
      })),
    });
  });
  traceRoutes(door, router);
  return router;
}
