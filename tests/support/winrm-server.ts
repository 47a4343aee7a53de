/** A Windows machine as WinRM shows it: shells, commands, their output, and faults for whatever is not exactly as the protocol has it.
 * Commands run in sh; what PowerShell would run is decoded first. */
import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { randomUUID } from "node:crypto";

export interface WinrmServer {
  readonly port: number;
  /** Lines of the command prompt as they came, decoded where PowerShell was asked. */
  readonly lines: readonly string[];
  /** Signals that ended a command which still ran. */
  readonly terminated: () => number;
  readonly openShells: () => number;
  stop(): Promise<void>;
}

interface Shell {
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string | undefined;
  readonly commands: Map<string, Command>;
}

interface Command {
  readonly child: ChildProcess;
  readonly waiting: { stream: "stdout" | "stderr"; bytes: Buffer }[];
  code: number | undefined;
  wake: () => void;
}

const base = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
const transfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
const outputBytes = 90_000;

class Fault extends Error {
  readonly code: string;
  constructor(message: string, code = "2150858843") {
    super(message);
    this.code = code;
  }
}

/** Starts it; `user:password` is what it takes with basic authentication. */
export async function startWinrmServer(credentials: string): Promise<WinrmServer> {
  const machine = new Machine();
  const answer = (xml: string): Promise<string> => machine.answer(xml);
  const server = createServer((request, response) => {
    handle(request, response, { credentials, answer }).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    lines: machine.lines,
    terminated: () => machine.terminated,
    openShells: () => machine.shells.size,
    async stop() {
      for (const shell of machine.shells.values())
        for (const command of shell.commands.values()) end(command);
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

class Machine {
  readonly shells = new Map<string, Shell>();
  readonly files = new Map<string, Buffer>();
  readonly lines: string[] = [];
  terminated = 0;

  create(body: string): string {
    const id = randomUUID().toUpperCase();
    if (!body.includes("<rsp:OutputStreams>stdout stderr</rsp:OutputStreams>"))
      throw new Fault("no output streams");
    const variables = [...body.matchAll(/<rsp:Variable Name="([^"]+)">([^<]*)<\/rsp:Variable>/g)];
    this.shells.set(id, {
      environment: Object.fromEntries(
        variables.map(([, name = "", value = ""]) => [name, plain(value)]),
      ),
      directory: /<rsp:WorkingDirectory>([^<]+)</.exec(body)?.[1],
      commands: new Map(),
    });
    return `<x:ResourceCreated><a:ReferenceParameters><w:SelectorSet><w:Selector Name="ShellId">${id}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`;
  }

  run(shell: Shell, body: string): string {
    const line = plain(/<rsp:Command>([^<]*)<\/rsp:Command>/.exec(body)?.[1] ?? "");
    if (line === "") throw new Fault("no command");
    if (line.length > 8_191) throw new Fault("The command line is too long.");
    const id = randomUUID().toUpperCase();
    shell.commands.set(id, start(shell, this.scriptOf(line)));
    return `<rsp:CommandResponse><rsp:CommandId>${id}</rsp:CommandId></rsp:CommandResponse>`;
  }

  /** What sh is to run: PowerShell's own words for copying and removing a file are understood, everything else is taken as sh's. */
  scriptOf(line: string): string {
    const encoded = /^powershell -encodedcommand ([A-Za-z0-9+/=]+)$/.exec(line)?.[1];
    const text = encoded === undefined ? line : Buffer.from(encoded, "base64").toString("utf16le");
    this.lines.push(text);
    return this.fileWork(text) ?? /^& \{([\s\S]*)\n\} .*$/.exec(text)?.[1] ?? text;
  }

  /** What PowerShell does with files: a piece appended, a file called, a file removed. */
  fileWork(text: string): string | undefined {
    const place = /\(Join-Path \$env:TEMP '([^']+)'\)/.exec(text)?.[1] ?? "";
    const held = this.files.get(place) ?? Buffer.alloc(0);
    const piece =
      /^\$f = \[IO\.File\]::Open\(.*, 'Append'\); \$b = \[Convert\]::FromBase64String\('([^']+)'\)/.exec(
        text,
      )?.[1];
    if (piece !== undefined) {
      this.files.set(place, Buffer.concat([held, Buffer.from(piece, "base64")]));
      return "true";
    }
    if (text.startsWith("Remove-Item -Force ")) return this.files.delete(place) ? "true" : "false";
    return text.startsWith("& (Join-Path ") ? held.toString().replace("\uFEFF", "") : undefined;
  }

  async receive(shell: Shell, body: string, seconds: number): Promise<string> {
    const id = /<rsp:DesiredStream CommandId="([^"]+)">stdout stderr</.exec(body)?.[1] ?? "";
    const command = shell.commands.get(id);
    if (!command) throw new Fault("no such command");
    if (command.waiting.length === 0 && command.code === undefined)
      await Promise.race([
        new Promise<void>((resolve) => (command.wake = resolve)),
        new Promise((resolve) => setTimeout(resolve, seconds * 1_000).unref()),
      ]);
    const { waiting, code } = command;
    if (waiting.length === 0 && code === undefined)
      throw new Fault(
        "The WS-Management service cannot complete the operation in time.",
        "2150858793",
      );
    const chunks = takeSome(waiting);
    command.child.stdout?.resume();
    const done = waiting.length === 0 && code !== undefined;
    const streams = chunks.map(
      ({ stream, bytes }) =>
        `<rsp:Stream Name="${stream}" CommandId="${id}">${bytes.toString("base64")}</rsp:Stream>`,
    );
    const state = done
      ? `<rsp:CommandState CommandId="${id}" State="${base}/CommandState/Done"><rsp:ExitCode>${code}</rsp:ExitCode></rsp:CommandState>`
      : `<rsp:CommandState CommandId="${id}" State="${base}/CommandState/Running"/>`;
    return `<rsp:ReceiveResponse>${streams.join("")}${state}</rsp:ReceiveResponse>`;
  }

  signal(shell: Shell, body: string): string {
    const id = /<rsp:Signal CommandId="([^"]+)"/.exec(body)?.[1] ?? "";
    if (!body.includes(`<rsp:Code>${base}/signal/terminate</rsp:Code>`)) throw new Fault("no code");
    const command = shell.commands.get(id);
    if (!command) throw new Fault("no such command");
    if (command.code === undefined) this.terminated += 1;
    end(command);
    return "<rsp:SignalResponse/>";
  }

  async answer(xml: string): Promise<string> {
    const action = /<a:Action[^>]*>([^<]+)</.exec(xml)?.[1];
    const seconds = Number(/<w:OperationTimeout>PT(\d+)S</.exec(xml)?.[1]);
    if (!(seconds > 0)) throw new Fault("no operation timeout");
    if (!xml.includes(`>${base}/cmd</w:ResourceURI>`)) throw new Fault("no such resource");
    if (action === `${transfer}/Create`) return this.create(xml);
    const id = /<w:Selector Name="ShellId">([^<]+)</.exec(xml)?.[1] ?? "";
    const shell = this.shells.get(id);
    if (!shell)
      throw new Fault(
        "The request for the Windows Remote Shell with ShellId failed because the shell was not found",
      );
    return await this.inShell({ id, shell, action, seconds }, xml);
  }

  async inShell(
    { id, shell, action, seconds }: { id: string; shell: Shell; action: unknown; seconds: number },
    xml: string,
  ): Promise<string> {
    if (action === `${base}/Command`) return this.run(shell, xml);
    if (action === `${base}/Receive`) return await this.receive(shell, xml, seconds);
    if (action === `${base}/Signal`) return this.signal(shell, xml);
    if (action !== `${transfer}/Delete`) throw new Fault(`unknown action ${String(action)}`);
    for (const command of shell.commands.values()) end(command);
    this.shells.delete(id);
    return "";
  }
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { credentials, answer }: { credentials: string; answer: (xml: string) => Promise<string> },
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const refuse = (status: number, headers = {}): unknown =>
    response.writeHead(status, headers).end();
  if (request.method !== "POST" || request.url !== "/wsman") return void refuse(404);
  if (!/^application\/soap\+xml; *charset=utf-8$/i.test(request.headers["content-type"] ?? ""))
    return void refuse(415);
  const wanted = `Basic ${Buffer.from(credentials).toString("base64")}`;
  if (request.headers.authorization !== wanted)
    return void refuse(401, { "WWW-Authenticate": 'Basic realm="WSMAN"' });
  const xml = Buffer.concat(parts).toString();
  const message = /<a:MessageID>([^<]+)</.exec(xml)?.[1] ?? "";
  const type = { "Content-Type": "application/soap+xml;charset=UTF-8" };
  try {
    const body = await answer(xml);
    response.writeHead(200, type).end(envelope(message, body));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const detail = `<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="${error.code}"/></s:Detail>`;
    const fault = `<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="en-US">${error.message}</s:Text></s:Reason>${detail}</s:Fault>`;
    response.writeHead(500, type).end(envelope(message, fault));
  }
}

function envelope(message: string, body: string): string {
  return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:x="${transfer}" xmlns:rsp="${base}"><s:Header><a:RelatesTo>${message}</a:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

function start({ environment, directory }: Shell, script: string): Command {
  const child = spawn("/bin/sh", ["-c", script], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], ...environment },
    ...(directory === undefined ? {} : { cwd: directory }),
  });
  const command: Command = { child, waiting: [], code: undefined, wake: () => undefined };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (bytes: Buffer) => {
      command.waiting.push({ stream, bytes });
      if (command.waiting.length > 20) child[stream].pause();
      command.wake();
    });
  child.once("close", (code) => {
    command.code = code ?? 1;
    command.wake();
  });
  return command;
}

function takeSome(waiting: Command["waiting"]): Command["waiting"] {
  let size = 0;
  let count = 0;
  while (count < waiting.length && size < outputBytes) size += waiting[count++]?.bytes.length ?? 0;
  return waiting.splice(0, count);
}

function end({ child, code }: Command): void {
  if (code !== undefined || child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended in this moment.
  }
}

function plain(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#10;", "\n")
    .replaceAll("&amp;", "&");
}
