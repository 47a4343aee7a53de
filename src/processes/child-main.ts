/** Program of a killable child: loads one function and answers calls, one JSON line each, until its input ends.
 * Arguments: module URL, name of the export, most bytes of an answer. */
import { createInterface } from "node:readline";

const [moduleUrl = "", exportName = "", most = "0"] = process.argv.slice(2);
const mostBytes = Number(most);

// Whatever the module prints must not end up between the answers.
const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

type Call = (request: unknown) => unknown;

function isCall(value: unknown): value is Call {
  return typeof value === "function";
}

async function load(): Promise<Call> {
  const loaded: unknown = await import(moduleUrl);
  const found: unknown =
    typeof loaded === "object" && loaded !== null && exportName in loaded
      ? Reflect.get(loaded, exportName)
      : undefined;
  if (!isCall(found)) throw new TypeError(`${moduleUrl} exports no function ${exportName}`);
  return found;
}

function failure(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return JSON.stringify({ error: { name, message } });
}

async function answerTo(call: Call, line: string): Promise<string> {
  try {
    const value = await call(JSON.parse(line));
    const text = JSON.stringify({ value });
    if (Buffer.byteLength(text) <= mostBytes) return text;
    const message = `The answer has ${Buffer.byteLength(text)} bytes; at most ${mostBytes} are taken`;
    return JSON.stringify({ error: { name: "OutputTooLarge", message } });
  } catch (error) {
    return failure(error);
  }
}

try {
  const call = await load();
  answer(`${JSON.stringify({ ready: true })}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    answer(`${await answerTo(call, line)}\n`);
  }
} catch (error) {
  answer(`${failure(error)}\n`);
  process.exitCode = 1;
}
