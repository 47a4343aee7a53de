/** Real SIP phones for tests: baresip, each with a control port. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./haproxy.ts";

export interface SipPhone {
  readonly address: string;
  /** Its control port, while nobody else is connected. */
  readonly port: number;
  stop(): Promise<void>;
}

export interface Callee extends SipPhone {
  /** How often it was called. */
  readonly rings: () => number;
  /** Ends what rings. */
  readonly decline: () => void;
}

type Started = SipPhone & { readonly child: ChildProcess };

/** A port that was free may be taken before baresip, which is slow, listens on it: then it is started again with others. */
async function start(name: string, answer: "auto" | "manual"): Promise<Started> {
  for (let attempt = 1; ; attempt += 1) {
    const phone = await tryToStart(name, answer);
    if (phone !== undefined) return phone;
    if (attempt === 8) throw new Error(`the phone ${name} ended ${attempt} times at its start`);
  }
}

async function tryToStart(name: string, answer: "auto" | "manual"): Promise<Started | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-sip-"));
  const [sip, port] = [await freePort(), await freePort()];
  const address = `sip:${name}@127.0.0.1:${sip}`;
  writeFileSync(join(folder, "silence.wav"), silence(60));
  writeFileSync(
    join(folder, "config"),
    `sip_listen 127.0.0.1:${sip}
audio_source aufile,${folder}/silence.wav
audio_player aufile,${folder}/out.wav
audio_alert aufile,${folder}/alert.wav
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:${port}
`,
  );
  writeFileSync(
    join(folder, "accounts"),
    `<${address}>;regint=0;answermode=${answer};dtmfmode=info\n`,
  );
  const child = spawn("baresip", ["-f", folder], { stdio: ["ignore", "ignore", "ignore"] });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "close");
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const listening = async (): Promise<"up" | "ended"> => {
    if (child.exitCode !== null || child.signalCode !== null) return "ended";
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return "up";
    } finally {
      socket.destroy();
    }
  };
  const patience = { seconds: 15, everyMs: 200 };
  const state = await eventually(`the phone ${name}`, listening, patience).catch(() => "ended");
  if (state === "up") return { address, port, child, stop };
  await stop();
  return undefined;
}

/** The phone that Raicho calls with. */
export function startCaller(): Promise<SipPhone> {
  return start("raicho", "manual");
}

/** Somebody who takes off and presses that key; with null he takes off and says nothing; with `busy` he declines; with `away` it rings. */
export async function startCallee(name: string, key: string | null): Promise<Callee> {
  const phone = await start(name, key === "busy" || key === "away" ? "manual" : "auto");
  const socket = connect(phone.port, "127.0.0.1");
  let rings = 0;
  let text = "";
  socket.setEncoding("utf8");
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    text += String(chunk);
    for (const [whole, type] of text.matchAll(/"type":"(CALL_INCOMING|CALL_ESTABLISHED)"/g)) {
      text = text.slice(text.indexOf(whole) + whole.length);
      if (type === "CALL_INCOMING") rings += 1;
      if (type === "CALL_INCOMING" && key === "busy") tell(socket, "hangup", "");
      if (type === "CALL_ESTABLISHED" && key !== null && key !== "busy")
        tell(socket, "sndcode", key);
    }
  });
  await once(socket, "connect");
  return {
    address: phone.address,
    port: phone.port,
    rings: () => rings,
    decline: () => tell(socket, "hangup", ""),
    stop: async () => {
      socket.destroy();
      await phone.stop();
    },
  };
}

function tell(socket: Socket, command: string, params: string): void {
  const words = JSON.stringify({ command, params });
  socket.write(`${Buffer.byteLength(words)}:${words},`);
}

/** A WAV of so many seconds in which nothing is to be heard: 8 kHz, mono, 16 bit. */
function silence(seconds: number): Buffer {
  const bytes = seconds * 16_000;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + bytes, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(bytes, 40);
  return Buffer.concat([head, Buffer.alloc(bytes)]);
}
