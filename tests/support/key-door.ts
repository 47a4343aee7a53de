/** As much of our door as the phone needs: keys of the datastore, and the webhook that Twilio tells, which here puts the key where the rule puts it. */
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

export interface KeyDoor {
  /** What the engine gives to actions. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where Twilio tells what was pressed. */
  readonly answers: string;
  /** From now on nobody may read keys, or everybody may again. */
  refuse(refused: boolean): void;
  stop(): Promise<void>;
}

export async function startKeyDoor(): Promise<KeyDoor> {
  const keys = new Map<string, string>();
  let refused = false;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const name = (request.url ?? "").split("/").at(-1) ?? "";
      if (request.url === "/hook") {
        const form = new URLSearchParams(body);
        const digits = form.get("Digits") ?? "";
        keys.set(`phone.twilio.${form.get("CallSid")}`, digits === "" ? "-" : digits);
        response.writeHead(200, { "content-type": "text/xml" });
        return response.end("<Response/>");
      }
      const value = keys.get(name);
      response.writeHead(refused ? 403 : value === undefined ? 404 : 200);
      return response.end(JSON.stringify({ name, value }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  return {
    environment: { ST2_ACTION_API_URL: url, ST2_ACTION_AUTH_TOKEN: "t" },
    answers: `${url}/hook`,
    refuse: (now) => void (refused = now),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
