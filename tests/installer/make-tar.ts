/** Tar archives as nobody's tool would write them. */

export interface TarFile {
  readonly path: string;
  /** `0` file, `1` hard link, `2` link, `3` device, `5` directory, `6` pipe; `x`, `L` and `g` are headers. */
  readonly type?: string;
  readonly body?: string;
  readonly link?: string;
  /** What the header says instead of the body's real size. */
  readonly size?: number;
}

export function makeTar(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap(({ path, type = "0", body = "", link = "", size }) => {
    const bytes = Buffer.from(body);
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write("0000755\0", 100);
    header.write(`${(size ?? bytes.length).toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write(type, 156);
    header.write(link, 157, 100);
    header.write("ustar\u000000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1_024)]);
}

/** A pax header that gives the next file that path. */
export function paxPath(path: string): TarFile {
  const rest = ` path=${path}\n`;
  let length = Buffer.byteLength(rest) + 2;
  while (`${length}${rest}`.length < length) length -= 1;
  const line = `${Buffer.byteLength(rest) + String(Buffer.byteLength(rest) + 2).length}${rest}`;
  return { path: "pax", type: "x", body: line };
}
