/** Marks every program that an action starts with the action's call, so that it can be ended with it. */
import { ChildProcess } from "node:child_process";
import { isObject } from "../model/json.ts";
import { markVariable, processFamily } from "../processes/process-family.ts";

export interface CallChildren {
  /** Kills what that call started, if it started anything. */
  kill(call: number): void;
  /** The call has ended by itself: what it left running is left alone. */
  forget(call: number): void;
}

/** From now on the children of this process carry the mark of the call that started them in their environment; `current` says which one is at work. */
export function markChildren(hostMark: string, current: () => number | undefined): CallChildren {
  const parents = new Set<number>();
  const start: unknown = Reflect.get(ChildProcess.prototype, "spawn");
  if (typeof start !== "function") throw new TypeError("This Node has no ChildProcess.spawn");
  // All of spawn, exec, execFile and fork come through here, however the action imported them.
  const marked = function (this: ChildProcess, options: unknown): unknown {
    const call = current();
    const mark = call === undefined ? hostMark : `${hostMark}.${call}`;
    if (call !== undefined) parents.add(call);
    const pairs: unknown = isObject(options) ? options["envPairs"] : undefined;
    if (isObject(options) && Array.isArray(pairs))
      Reflect.set(options, "envPairs", [
        ...pairs.filter((pair) => !String(pair).startsWith(`${markVariable}=`)),
        `${markVariable}=${mark}`,
      ]);
    return Reflect.apply(start, this, [options]);
  };
  Object.defineProperty(ChildProcess.prototype, "spawn", { value: marked, configurable: true });
  return {
    kill(call) {
      if (parents.delete(call)) processFamily(undefined, `${hostMark}.${call}`).kill();
    },
    forget: (call) => void parents.delete(call),
  };
}
