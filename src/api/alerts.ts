/** `/api/v2/alerts`: one per alert identity and calendar day. */
import { listAlerts } from "../store/reads.ts";
import type { Door } from "./door.ts";
import { paging, text } from "./query.ts";
import { Routes } from "./routes.ts";

export function alertRoutes({ core }: Pick<Door, "core">): Routes {
  const router = new Routes();
  router.get("/alerts", "alert_list", async (request, response) => {
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
