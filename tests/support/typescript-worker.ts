/** A worker that runs one action and tells its parent the first line the action says. Killed by the test. */
import { typescriptRunner } from "../../src/runners/typescript.ts";
import { runCall } from "./run-call.ts";

const [entryPath = "", packPath = ""] = process.argv.slice(2);
const call = runCall({}, { action: { entryPath, packPath } });
void typescriptRunner().run(call);
await call.saying("\n");
process.send?.(call.said.stdout.trim());
