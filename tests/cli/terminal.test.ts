/** What people see at a terminal: forms, and the tree of a workflow that runs. `script` of util-linux is the terminal. */
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { repository } from "../support/raicho.ts";

const id = "6b015fb910800a671d21aa10";
const main = join(repository, "src/main.ts");

type Reply = (method: string, path: string, body: unknown) => unknown;

let server: Server | undefined;
afterEach(() => {
  server?.close().closeAllConnections();
});

/** A server that answers so; undefined is a 404. */
function serve(reply: Reply): string {
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => void (text += chunk.toString()));
    request.once("end", () => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      const answer = reply(request.method ?? "", path, text === "" ? undefined : JSON.parse(text));
      response.statusCode = answer === undefined ? 404 : 200;
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(answer ?? { faultstring: "nothing there" }));
    });
  }).listen(0);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Seen {
  /** All that the terminal was sent. */
  raw(): string;
  /** Types a line once that text is seen, after what was seen when the last was typed. */
  answer(question: string, line: string): Promise<void>;
  readonly code: Promise<number | null>;
}

function atTerminal(url: string, ...words: readonly string[]): Seen {
  const command = [process.execPath, main, "--url", url, "--skip-config", ...words].join(" ");
  const child = spawn("script", ["-qec", `stty cols 100; ${command}`, "/dev/null"], {
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", TERM: "xterm", LANG: "C.UTF-8" },
  });
  let seen = "";
  let read = 0;
  child.stdout.on("data", (chunk: Buffer) => void (seen += chunk.toString()));
  return {
    raw: () => seen,
    answer: async (question, line) => {
      await eventually(question, () => (seen.includes(question, read) ? true : undefined), {
        seconds: 60,
      });
      read = seen.length;
      child.stdin.write(`${line}\r`);
    },
    code: new Promise((done) => child.once("exit", done)),
  };
}

test(
  "an inquiry is a form: asked again when wrong, secrets unseen",
  { timeout: 90_000 },
  async () => {
    const schema = {
      type: "object",
      required: ["reason", "mood"],
      properties: {
        reason: { type: "string", description: "なぜ" },
        mood: { type: "string", enum: ["calm", "hasty"] },
        times: { type: "integer", default: 2 },
        sure: { type: "boolean", required: true },
        pin: { type: "string", secret: true },
      },
    };
    const answers: unknown[] = [];
    const url = serve((method, path, body) => {
      if (path !== `/api/v1/inquiries/${id}`) return undefined;
      if (method === "PUT") answers.push(body);
      return method === "PUT" ? body : { id, schema };
    });
    const terminal = atTerminal(url, "inquiry", "respond", id);
    await terminal.answer("reason (string): ", "");
    await terminal.answer("an answer is needed", "交換のため");
    await terminal.answer("mood (calm | hasty): ", "furious");
    await terminal.answer("choose one of calm, hasty", "calm");
    await terminal.answer("times (integer, default 2): ", "");
    await terminal.answer("sure (boolean, y/n): ", "y");
    await terminal.answer("pin (string, may be empty): ", "sesam9");
    expect(await terminal.code).toBe(0);
    expect(answers).toEqual([
      {
        id,
        response: { reason: "交換のため", mood: "calm", times: 2, sure: true, pin: "sesam9" },
      },
    ]);
    const asked = terminal.raw().slice(0, terminal.raw().lastIndexOf("pin (string"));
    expect(stripVTControlCharacters(asked)).toContain("なぜ");
    expect(asked).not.toContain("sesam9");
  },
);

test(
  "a workflow's tasks are drawn while it runs, and left in their last state",
  { timeout: 90_000 },
  async () => {
    const action = { ref: "shop.deliver", runner_type: "orquesta" };
    let looks = 0;
    const child = (name: string, status: string): unknown => ({
      id: `6b015fb910800a671d21aa1${name.length}`,
      parent: id,
      status,
      action: { ref: "core.noop" },
      context: { orquesta: { task_name: name } },
    });
    const url = serve((_method, path) => {
      if (path === `/api/v1/executions/${id}/children`)
        return [child("梱包", "succeeded"), child("send", looks > 3 ? "succeeded" : "running")];
      if (path !== `/api/v1/executions/${id}`) return undefined;
      looks += 1;
      return { id, action, status: looks > 3 ? "succeeded" : "running" };
    });
    const terminal = atTerminal(url, "execution", "get", id, "--wait");
    expect(await terminal.code).toBe(0);
    const text = stripVTControlCharacters(terminal.raw());
    expect(text).toContain("├ ✓ 梱包  core.noop  succeeded");
    expect(text).toContain("└ • send  core.noop  running");
    expect(text.trimEnd()).toMatch(/└ ✓ send {2}core\.noop {2}succeeded {2}[0-9a-f]{24}$/);
    // Drawn over, not below each other.
    expect(terminal.raw()).toContain("\u001B[3A\u001B[0J");
  },
);
