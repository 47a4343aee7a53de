/** A text as sound: a program writes WAV, which becomes what telephones carry (8 kHz, mono, 16 bit). */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ActionFailed } from "raicho/pack";
import { isJapanese } from "./phone.ts";

const rate = 8_000;
const times = 3;
const mostSeconds = 120;

/** The file, and how to remove it. */
export async function spoken(
  text: string,
  speech: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly file: string; readonly remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-speech-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const file = join(folder, "spoken.wav");
  try {
    await say(
      speech.length > 0 ? speech : usualSpeech(text),
      { file, text: text.slice(0, 1_000) },
      signal,
    );
    writeFileSync(file, telephone(readFileSync(file)));
    return { file, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function usualSpeech(text: string): readonly string[] {
  return ["espeak-ng", "-v", isJapanese(text) ? "ja" : "en", "-w", "{file}", "--", "{text}"];
}

async function say(
  command: readonly string[],
  { file, text }: { readonly file: string; readonly text: string },
  signal: AbortSignal,
): Promise<void> {
  const [program = "", ...rest] = command.map((part) =>
    part === "{file}" ? file : part === "{text}" ? text : part,
  );
  try {
    await promisify(execFile)(program, rest, { signal, timeout: 30_000 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ActionFailed(
      `phone: the text cannot be spoken: ${reason.split("\n")[0] ?? ""}; set speech in <configs>/phone.yaml`,
      { cause: error },
    );
  }
}

/** The same sound, three times with a pause between, as telephones carry it. */
function telephone(wav: Buffer): Buffer {
  const { samples, from } = samplesOf(wav);
  const once = resampled(samples, from);
  const pause = new Int16Array(rate);
  const all = Array.from({ length: times }, () => [once, pause]).flat();
  const sound = Buffer.concat(
    all.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );
  const data = sound.subarray(0, mostSeconds * rate * 2);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

function samplesOf(wav: Buffer): { readonly samples: Int16Array; readonly from: number } {
  const [channels, from, bits] = [wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)];
  const at = wav.indexOf("data", 12, "latin1");
  if (wav.toString("latin1", 0, 4) !== "RIFF" || at === -1 || bits !== 16)
    throw new ActionFailed(
      "phone: the spoken text is no WAV of 16 bits; look at speech in <configs>/phone.yaml",
    );
  // Programs that stream leave the length open.
  const said = wav.readUInt32LE(at + 4);
  const end = Math.min(wav.length, at + 8 + said);
  const samples = new Int16Array(Math.floor((end - at - 8) / 2 / channels));
  for (const index of samples.keys())
    samples[index] = wav.readInt16LE(at + 8 + index * 2 * channels);
  return { samples, from };
}

function resampled(samples: Int16Array, from: number): Int16Array {
  const made = new Int16Array(Math.floor((samples.length * rate) / from));
  for (const index of made.keys()) {
    const place = (index * from) / rate;
    const before = samples[Math.floor(place)] ?? 0;
    const after = samples[Math.floor(place) + 1] ?? before;
    made[index] = Math.round(before + (after - before) * (place % 1));
  }
  return made;
}
