/** The recorder of side effects, as the harness sees it. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What was done outside: by name of the effect, how often under each idempotency key. */
export type Effects = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface Recorder {
  readonly url: string;
  effects(): Promise<Effects>;
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** It listens on that address. */
export async function startRecorder(host = "127.0.0.1"): Promise<Recorder> {
  const child = fork(fileURLToPath(new URL("recorder-main.ts", import.meta.url)), [host], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [port] = (await once(child, "message")) as [number];
  const url = `http://${host}:${port}`;
  return {
    url,
    effects: async () => (await (await fetch(`${url}/effects`)).json()) as Effects,
    forget: async () => void (await fetch(`${url}/forget`, { method: "POST" })),
    close: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}
