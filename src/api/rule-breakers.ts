/** `/api/v2/rules/breakers`: rules that went round and are held off what they lead to. */
import { resetRuleBreaker, ruleBreakers, ruleOfBreaker } from "../engine/rule-breakers.ts";
import type { Door } from "./door.ts";
import { userOf } from "./guard.ts";
import { flag } from "./query.ts";
import { inPack, parameter } from "./resources.ts";
import { on, Routes } from "./routes.ts";

export function ruleBreakerRoutes({ core }: Pick<Door, "core">): Routes {
  const routes = new Routes();
  routes.get("/rules/breakers", "rule_list", async (request, response) => {
    const all = flag(request, "all") === true;
    response.json({ breakers: await ruleBreakers(core, { all }) });
  });
  const ofRule = on("rule_modify", async (request) => {
    const rule = await ruleOfBreaker(core, parameter(request, "id"));
    return rule === undefined ? undefined : inPack("rule", rule);
  });
  routes.post("/rules/breakers/:id/reset", ofRule, async (request, response) => {
    response.json(await resetRuleBreaker(core, request.params.id, userOf(response).name));
  });
  return routes;
}
