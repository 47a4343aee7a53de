import { isObject, type JsonObject } from "../model/json.ts";

/** What an execution of the runner `announcement` tells the stream: its name in the stream and its body. */
export function announcementOf(
  parameters: JsonObject,
  context: JsonObject,
): { readonly name: string; readonly body: JsonObject } {
  const { experimental: _flag, route, ...payload } = parameters;
  const { trace_context: trace } = context;
  return {
    name: `st2.announcement__${typeof route === "string" ? route : "general"}`,
    body: { payload, trace_context: isObject(trace) ? trace : {} },
  };
}
