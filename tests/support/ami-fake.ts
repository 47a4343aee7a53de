/** Asterisk's manager interface, as strict as its documentation: unknown actions, headers and values are errors, events have the documented keys. */
import { existsSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { once } from "node:events";

export interface AmiFake {
  readonly port: number;
  readonly user: "raicho";
  readonly password: "ami secret";
  /** Channels that were dialled. */
  readonly dialled: readonly string[];
  stop(): Promise<void>;
}

/** What the called one does, by the name behind `PJSIP/` up to a `_`: `key2` presses 2, `silent` presses nothing, `busy`, `away`, `gone` (no such number). */
const headers: Readonly<Record<string, readonly string[]>> = {
  login: ["Username", "Secret", "Events", "AuthType", "Key"],
  hangup: ["Channel", "Cause"],
  originate: [
    "Channel",
    "Exten",
    "Context",
    "Priority",
    "Application",
    "Data",
    "Timeout",
    "CallerID",
    "Variable",
    "Account",
    "EarlyMedia",
    "Async",
    "Codecs",
    "ChannelId",
    "OtherChannelId",
    "PreDialGoSub",
  ],
};

export async function startAmiFake(): Promise<AmiFake> {
  const dialled: string[] = [];
  const server = createServer((socket) => serve(socket, dialled));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    user: "raicho",
    password: "ami secret",
    dialled,
    async stop() {
      server.close();
      await once(server, "close");
    },
  };
}

type Facts = ReadonlyMap<string, string>;

function serve(socket: Socket, dialled: string[]): void {
  socket.on("error", () => undefined);
  socket.setEncoding("utf8");
  socket.write("Asterisk Call Manager/5.0.3\r\n");
  const line: Line = { socket, dialled, signedIn: false, call: undefined };
  let text = "";
  socket.on("data", (chunk) => {
    text += String(chunk);
    for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
      const facts = read(text.slice(0, end));
      text = text.slice(end + 4);
      const refusal = take(line, facts);
      if (refusal !== undefined) say(socket, { Response: "Error", ...id(facts), Message: refusal });
    }
  });
}

interface Line {
  readonly socket: Socket;
  readonly dialled: string[];
  signedIn: boolean;
  call: { readonly id: string; readonly channel: string } | undefined;
}

function read(text: string): Facts {
  return new Map(
    text.split("\r\n").map((one) => {
      const [name = "", ...value] = one.split(": ");
      return [name, value.join(": ")];
    }),
  );
}

function say(socket: Socket, facts: Readonly<Record<string, string>>): void {
  const lines = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
}

function id(facts: Facts): { readonly ActionID?: string } {
  const given = facts.get("ActionID");
  return given === undefined ? {} : { ActionID: given };
}

/** Why it is refused. */
function take(line: Line, facts: Facts): string | undefined {
  const action = (facts.get("Action") ?? "").toLowerCase();
  const known = headers[action];
  if (known === undefined) return "Invalid/unknown command";
  const strange = [...facts.keys()].find(
    (name) => !["Action", "ActionID", ...known].includes(name),
  );
  if (strange !== undefined) return `unknown header ${strange}`;
  if (action === "login") return signIn(line, facts);
  if (!line.signedIn) return "Permission denied";
  return action === "originate" ? originate(line, facts) : hangUp(line, facts);
}

function signIn(line: Line, facts: Facts): string | undefined {
  if (facts.get("Username") !== "raicho" || facts.get("Secret") !== "ami secret")
    return "Authentication failed";
  line.signedIn = true;
  say(line.socket, { Response: "Success", ...id(facts), Message: "Authentication accepted" });
  say(line.socket, { Event: "FullyBooted", Privilege: "system,all", Status: "Fully Booted" });
  return undefined;
}

/** Why a call is not made. */
function callFault(facts: Facts): string | undefined {
  const at = (name: string): string => facts.get(name) ?? "";
  if (!/^PJSIP\/\w+@fake$/.test(at("Channel"))) return "Channel not specified";
  if (at("Async") !== "true" || !/^\d+$/.test(at("Timeout"))) return "Invalid timeout";
  if (at("Application") !== "Read") return "Application not specified";
  // Variable, file, keys, options, tries, seconds.
  const data = /^\w+,(?<file>[^,]+),1,,1,\d+$/.exec(at("Data"))?.groups;
  if (data === undefined) return "Read: invalid arguments";
  const sound = `${data["file"] ?? ""}.wav`;
  return existsSync(sound) ? undefined : `no such sound: ${sound}`;
}

function originate(line: Line, facts: Facts): string | undefined {
  const fault = callFault(facts);
  if (fault !== undefined) return fault;
  const called = /^PJSIP\/(\w+)@/.exec(facts.get("Channel") ?? "")?.[1] ?? "";
  const seconds = facts.get("Data")?.split(",").at(-1);
  line.dialled.push(facts.get("Channel") ?? "");
  line.call = { id: facts.get("ChannelId") ?? "1", channel: `PJSIP/${called}-00000001` };
  say(line.socket, { Response: "Success", ...id(facts), Message: "Originate successfully queued" });
  // Another's call at the same time.
  event({ ...line, call: { id: "other.1", channel: "PJSIP/other-00000002" } }, "DTMFEnd", {
    Digit: "9",
    DurationMs: "100",
    Direction: "Received",
  });
  event(line, "Newchannel", {});
  answer(line, called, {
    ...id(facts),
    timeout: Number(facts.get("Timeout")),
    seconds: Number(seconds),
  });
  return undefined;
}

function event(line: Line, name: string, more: Readonly<Record<string, string>>): void {
  const { channel = "", id: unique = "" } = line.call ?? {};
  const about = { Channel: channel, ChannelState: "6", ChannelStateDesc: "Up", Uniqueid: unique };
  say(line.socket, { Event: name, Privilege: "call,all", ...about, Linkedid: unique, ...more });
}

function answer(
  line: Line,
  called: string,
  {
    timeout,
    seconds,
    ActionID,
  }: { readonly timeout: number; readonly seconds: number; readonly ActionID?: string },
): void {
  const originated = (response: string, reason: string): void =>
    event(line, "OriginateResponse", {
      ...(ActionID === undefined ? {} : { ActionID }),
      Response: response,
      Application: "Read",
      Reason: reason,
    });
  const failed = (cause: string, words: string, reason: string): void => {
    event(line, "Hangup", { Cause: cause, "Cause-txt": words });
    originated("Failure", reason);
  };
  const [manner = ""] = called.split("_");
  if (manner === "busy") failed("17", "User busy", "5");
  else if (manner === "declines") failed("21", "Call Rejected", "1");
  else if (manner === "gone") failed("1", "Unallocated (unassigned) number", "0");
  else if (manner === "away")
    setTimeout(() => failed("127", "Interworking, unspecified", "3"), timeout);
  else {
    originated("Success", "4");
    const key = /^key(\d)$/.exec(manner)?.[1];
    if (key === undefined)
      setTimeout(
        () => event(line, "Hangup", { Cause: "16", "Cause-txt": "Normal Clearing" }),
        seconds * 1_000,
      );
    else {
      event(line, "DTMFBegin", { Digit: key, Direction: "Received" });
      event(line, "DTMFEnd", { Digit: key, DurationMs: "120", Direction: "Received" });
    }
  }
}

function hangUp(line: Line, facts: Facts): string | undefined {
  const { channel, id: unique } = line.call ?? {};
  const meant = facts.get("Channel");
  if (meant !== channel && meant !== unique) return "No such channel";
  say(line.socket, { Response: "Success", ...id(facts), Message: "Channel Hungup" });
  event(line, "Hangup", { Cause: facts.get("Cause") ?? "0", "Cause-txt": "Normal Clearing" });
  return undefined;
}
