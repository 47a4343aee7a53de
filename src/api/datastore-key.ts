/** `/api/v2/datastore-key`: the key that encrypts secrets as StackStorm does, to take one over or to hand ours on. Administrators only. */
import { StackStormKeyError } from "../store/stackstorm-crypto.ts";
import { bodyOf } from "./bodies.ts";
import type { Door } from "./door.ts";
import { refusal } from "./query.ts";
import { Routes } from "./routes.ts";

const schema = {
  type: "object",
  properties: {
    aesKeyString: { type: "string", description: "bytes of the AES key as base64url" },
    hmacKey: { type: "object", properties: { hmacKeyString: { type: "string" } } },
    mode: { enum: ["CBC"] },
    size: { enum: [128, 192, 256] },
  },
  required: ["aesKeyString", "hmacKey"],
} as const;

export function datastoreKeyRoutes({ datastore }: Pick<Door, "datastore">): Routes {
  const router = new Routes();
  router.about({ summary: "The key that encrypts secrets, as StackStorm's key file" });
  router.get("/datastore-key", "admin", async (_request, response) => {
    response.setHeader("Cache-Control", "no-store");
    response.json(await datastore.exportKey());
  });
  router.about({
    summary: "Encrypt secrets with this key of StackStorm from now on",
    body: schema,
  });
  router.put("/datastore-key", "admin", async (request, response) => {
    const file = bodyOf(request);
    response.json(
      await datastore.importKey(file).catch((error: unknown) => {
        if (!(error instanceof StackStormKeyError)) throw error;
        throw refusal(error.message);
      }),
    );
  });
  return router;
}
