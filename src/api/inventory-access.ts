/** "Explain my access": below `/api/v2/inventory/access`. */
import { explainAccess } from "../engine/inventory-access.ts";
import type { Viewer } from "../engine/inventory-viewers.ts";
import { AppError } from "../model/errors.ts";
import { isAdmin, rightsOf, userOf } from "./guard.ts";
import { queryText } from "./inventory-requests.ts";
import { inventoryOf, type InventoryViews } from "./inventory-view.ts";
import type { User } from "../engine/auth.ts";
import type { Routes } from "./routes.ts";

/** Whose access is asked about: one's own, or, for administrators, that of any account. */
async function subjectOf(
  views: Pick<InventoryViews, "named">,
  caller: User,
  name: string | undefined,
): Promise<Viewer> {
  if (name === undefined || name === caller.name) return { name: caller.name, ...rightsOf(caller) };
  if (!isAdmin(caller))
    throw new AppError("FORBIDDEN", [
      `User "${caller.name}" doesn't have required role "admin" to see what others may do`,
    ]);
  const found = await views.named(name);
  if (found !== undefined) return found;
  throw new AppError("NOT_FOUND", [`There is no account "${name}", or it is disabled.`]);
}

export function accessRoutes(
  router: Routes,
  views: Pick<InventoryViews, "granted" | "named">,
): void {
  router.about({
    summary: "What one may do, and which grant of which role allows or refuses it",
    query: {
      type: "A type; without it every type is told of.",
      entry: "An entry: an id, or a name or value of a key of the type.",
      attribute: "An attribute of the type.",
      user: "Somebody else's name; only for administrators.",
    },
  });
  router.get("/access", "signed in", async (request, response) => {
    const subject = await subjectOf(views, userOf(response), queryText(request, "user"));
    const wish = {
      type: queryText(request, "type"),
      entry: queryText(request, "entry"),
      attribute: queryText(request, "attribute"),
    };
    response.json(await explainAccess(views, inventoryOf(response), { subject, wish }));
  });
}
