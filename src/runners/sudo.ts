import type { JsonObject } from "../model/json.ts";
import { quote } from "./shell-arguments.ts";

/** The command as sudo is to run it, as StackStorm writes it: with `sudo` as root, else as `user` where one is named, else as it is. A
 * password comes from standard input, which nobody is asked for by name. */
export function withSudo(command: string, parameters: JsonObject, user?: string): string {
  const root = parameters["sudo"] === true;
  if (!root && user === undefined) return command;
  const asked = asksPassword(parameters, user) ? "-S -p '' " : "";
  const whom = root || user === undefined ? "" : `-H -u ${quote(user)} `;
  return `sudo ${asked}-E ${whom}-- bash -c ${quote(command)}`;
}

/** What sudo reads from standard input. */
export function sudoInput(parameters: JsonObject, user?: string): string | undefined {
  return asksPassword(parameters, user) ? `${String(parameters["sudo_password"])}\n` : undefined;
}

function asksPassword(parameters: JsonObject, user: string | undefined): boolean {
  const used = parameters["sudo"] === true || user !== undefined;
  return used && typeof parameters["sudo_password"] === "string";
}
