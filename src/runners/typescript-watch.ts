/** A thread of an action host: when the worker is gone it kills what the host started, and then the host. */
import { workerData } from "node:worker_threads";
import { isObject } from "../model/json.ts";
import { processFamily } from "../processes/process-family.ts";

const data: unknown = workerData;
const { workerPid, mark } = isObject(data) ? data : {};
if (typeof mark !== "string") throw new TypeError("This program is a thread of an action host");

setInterval(() => {
  if (process.ppid === workerPid) return;
  processFamily(process.pid, mark).kill();
  process.kill(process.pid, "SIGKILL");
}, 500);
