/** `npm run bench:cli`: how much longer a command of `raicho` takes than bare Node.js, each pair one right after the other, medians over all. */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { median, rounded, timed } from "./measure.ts";

const rounds = 15;
/** Milliseconds over bare Node.js. */
const aim = 150;
const main = fileURLToPath(new URL("../bin/raicho.js", import.meta.url));

/** Answers every list, empty: what is measured is the command, not a server. */
const server = createServer((_request, response) => {
  response.setHeader("Content-Type", "application/json");
  response.end("[]");
}).listen(0, "127.0.0.1");

function run(args: readonly string[]): Promise<number> {
  return timed(
    () =>
      new Promise<void>((done, fail) => {
        const child = spawn(process.execPath, args, { stdio: "ignore" });
        child.once("error", fail);
        child.once("exit", (code) =>
          code === 0 ? done() : fail(new Error(`${args.join(" ")} ended with ${code}`)),
        );
      }),
  );
}

await new Promise((listening) => server.once("listening", listening));
const address = server.address();
const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
const commands = [
  ["version"],
  ["--help"],
  ["rule", "list", "--url", url],
  ["execution", "list", "--url", url],
  ["complete", "--", "execution", ""],
] as const;

const bare: number[] = [];
const over = commands.map((): number[] => []);
for (let round = 0; round < rounds; round += 1) {
  for (const [index, command] of commands.entries()) {
    const empty = await run(["-e", "0"]);
    bare.push(empty);
    over[index]?.push((await run([main, ...command])) - empty);
  }
}
server.close();
const report = commands.map((command, index) => {
  const ms = rounded(median(over[index] ?? []));
  return { command: `raicho ${command.slice(0, 2).join(" ")}`, overBareMs: ms, reached: ms <= aim };
});
process.stdout.write(
  `${JSON.stringify({ bareNodeMs: rounded(median(bare)), aimMs: aim, rounds, report }, null, 2)}\n`,
);
