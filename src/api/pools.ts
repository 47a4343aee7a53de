/** `/pools`: for whom executions wait, and who serves them. */
import { poolView } from "../engine/pools.ts";
import { poolStates } from "../store/pools.ts";
import type { Door } from "./door.ts";
import { Routes } from "./routes.ts";

export function poolRoutes({ core }: Door): Routes {
  const router = new Routes();
  router
    .about({ summary: "Pools of workers: what waits for each, and who serves it" })
    .get("/pools", "execution_list", async (_request, response) => {
      response.json({ items: (await poolStates(core.database.db)).map(poolView) });
    });
  return router;
}
