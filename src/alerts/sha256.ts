/** SHA-256 (FIPS 180-4) without node:crypto, for a room without imports; made for short texts. */

const primes: number[] = [];
for (let n = 2; primes.length < 64; n += 1) {
  if (primes.every((prime) => n % prime !== 0)) primes.push(n);
}
/** The first 32 bits of the fractional part. */
const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32) >>> 0;
const initial = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const constants = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));

/** 64 hex digits of the UTF-8 bytes of `text`. */
export function sha256(text: string): string {
  const message = padded(new TextEncoder().encode(text));
  const state = Uint32Array.from(initial);
  for (let at = 0; at < message.byteLength; at += 64) compress(state, message, at);
  return Array.from(state, (value) => value.toString(16).padStart(8, "0")).join("");
}

/** The message, a 1 bit, zeros, and its length in bits, to a multiple of 64 bytes. */
function padded(bytes: Uint8Array): DataView {
  const length = Math.ceil((bytes.length + 9) / 64) * 64;
  const buffer = new Uint8Array(length);
  buffer.set(bytes);
  buffer[bytes.length] = 0x80;
  const view = new DataView(buffer.buffer);
  view.setBigUint64(length - 8, BigInt(bytes.length) * 8n);
  return view;
}

function compress(state: Uint32Array, message: DataView, at: number): void {
  const words = schedule(message, at);
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i += 1) {
    const big1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + big1 + choice + word(constants, i) + word(words, i)) >>> 0;
    const big0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) >>> 0, c, b, a, (t1 + big0 + majority) >>> 0];
  }
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) state[i] = word(state, i) + value;
}

/** The 64 words that one block of 16 is stretched to. */
function schedule(message: DataView, at: number): Uint32Array {
  const words = new Uint32Array(64);
  for (let i = 0; i < 16; i += 1) words[i] = message.getUint32(at + i * 4);
  for (let i = 16; i < 64; i += 1) {
    const w2 = word(words, i - 2);
    const w15 = word(words, i - 15);
    const small0 = turn(w15, 7) ^ turn(w15, 18) ^ (w15 >>> 3);
    const small1 = turn(w2, 17) ^ turn(w2, 19) ^ (w2 >>> 10);
    words[i] = word(words, i - 16) + small0 + word(words, i - 7) + small1;
  }
  return words;
}

function word(words: Uint32Array, i: number): number {
  return words[i] ?? 0;
}

function turn(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}
