/** The door of the program as operators start it, without authentication, on a free port. */
import { fileURLToPath } from "node:url";
import { startProgram, type Started } from "./children.ts";

export function startDoor(databaseUrl: string, home: string): Promise<Started> {
  return startProgram({
    command: process.execPath,
    args: [fileURLToPath(new URL("../src/main.ts", import.meta.url)), "start", "--role", "api"],
    cwd: home,
    env: {
      DATABASE_URL: databaseUrl,
      REDIS_URL: "",
      RAICHO_HOME: home,
      RAICHO_HOST: "127.0.0.1",
      RAICHO_PORT: "0",
      RAICHO_AUTH: "off",
      RAICHO_PACKS: "",
      RAICHO_CONFIGS: "",
    },
    ready: /raicho ready (http:\S+)/,
  });
}
