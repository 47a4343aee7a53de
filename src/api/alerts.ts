/** `/api/v2/alerts`: one per alert identity and calendar day. */
import { Router } from "express";
import { listAlerts } from "../store/reads.ts";
import type { Door } from "./door.ts";
import { paging, text } from "./query.ts";

export function alertRoutes({ core }: Pick<Door, "core">): Router {
  const router = Router();
  router.get("/alerts", async (request, response) => {
    const { day, status } = request.query;
    response.json({
      items: await listAlerts(
        core.database.db,
        { day: text(day), status: text(status) },
        paging(request),
      ),
    });
  });
  return router;
}
