/** A worker that runs one Python action and tells its parent the first line the action says. Killed by the test. */
import { pythonRunner } from "../../src/runners/python.ts";
import { runCall } from "./run-call.ts";

const [entryPath = "", packPath = ""] = process.argv.slice(2);
const call = runCall({}, { action: { pack: "lost", entryPath, packPath } });
void pythonRunner().run(call);
await call.saying("\n");
process.send?.(call.said.stdout.trim());
