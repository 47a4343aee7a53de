import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { copyTree, unpackArchive } from "../../src/installer/read-archive.ts";
import { makeTar, paxPath, type TarFile } from "./make-tar.ts";

let base = "";
let root = "";

/** `base` holds only what a test puts there: whatever else appears in it was written by a hostile archive. */
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "raicho-archive-"));
  root = join(base, "staging", "pack");
  mkdirSync(root, { recursive: true });
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
});

function unpack(bytes: Buffer, name = "a.tar"): void {
  const file = join(base, name);
  writeFileSync(file, bytes);
  unpackArchive(file, root);
}

const pack: TarFile = { path: "pack.yaml", body: "name: x\n" };

const hostile: readonly (readonly [name: string, files: readonly TarFile[], message: RegExp])[] = [
  ["an absolute path", [{ path: "/tmp/raicho-escaped", body: "x" }], /lies outside/],
  ["a path with ..", [{ path: "../escaped", body: "x" }], /lies outside/],
  ["a path with .. in the middle", [{ path: "a/../../escaped", body: "x" }], /lies outside/],
  [
    "a path with .. from a pax header",
    [paxPath("../escaped"), { path: "harmless", body: "x" }],
    /lies outside/,
  ],
  [
    "a path with .. from a GNU header",
    [
      { path: "x", type: "L", body: "../escaped\0" },
      { path: "harmless", body: "x" },
    ],
    /lies outside/,
  ],
  ["a backslash path", [{ path: "..\\escaped", body: "x" }], /lies outside/],
  ["a link outside", [{ path: "l", type: "2", link: "../../escaped" }], /leads outside/],
  ["an absolute link", [{ path: "l", type: "2", link: "/etc/passwd" }], /leads outside/],
  [
    "a file through a link",
    [
      { path: "l", type: "2", link: "../.." },
      { path: "l/escaped", body: "x" },
    ],
    /leads outside|as a file|more than once/,
  ],
  [
    "a link through a link",
    [
      { path: "d", type: "5" },
      { path: "d/up", type: "2", link: ".." },
      { path: "d/out", type: "2", link: "up/.." },
    ],
    /leads outside/,
  ],
  ["a hard link", [{ path: "h", type: "1", link: "/etc/passwd" }], /a hard link/],
  ["a device", [{ path: "d", type: "3" }], /a device/],
  ["a pipe", [{ path: "p", type: "6" }], /a pipe/],
  [
    "a file twice",
    [
      { path: "a", body: "1" },
      { path: "a", body: "2" },
    ],
    /more than once/,
  ],
  [
    "a file as directory",
    [
      { path: "a", body: "1" },
      { path: "a/b", body: "2" },
    ],
    /as a file and as a directory/,
  ],
  ["a size that is not there", [{ path: "a", body: "x", size: 100_000 }], /ends in the middle/],
  ["a size beyond all bounds", [{ path: "a", body: "x", size: 4_000_000_000 }], /larger than/],
];

test.each(hostile)("%s is refused, and nothing is written outside", (_name, files, message) => {
  expect(() => unpack(makeTar([pack, ...files]))).toThrow(message);
  expect(readdirSync(base).toSorted()).toEqual(["a.tar", "staging"]);
  expect(readdirSync(dirname(root))).toEqual(["pack"]);
  expect(existsSync("/tmp/raicho-escaped")).toBe(false);
});

test("a repository of git inside of a pack is left out", () => {
  unpack(
    makeTar([
      pack,
      { path: ".git/hooks/post-checkout", body: "x" },
      { path: "a/.GIT/config", body: "x" },
    ]),
  );
  expect(readdirSync(root)).toEqual(["pack.yaml"]);
});

test("files, directories, links inside and long names arrive as they are", () => {
  const long = `${"d".repeat(90)}/${"f".repeat(120)}.yaml`;
  unpack(
    gzipSync(
      makeTar([
        pack,
        { path: "bin/run", body: "#!/bin/sh\n" },
        { path: "also", type: "2", link: "bin/run" },
        paxPath(long),
        { path: "short", body: "long" },
      ]),
    ),
  );
  expect(readFileSync(join(root, "also"), "utf8")).toBe("#!/bin/sh\n");
  expect(statSync(join(root, "bin/run")).mode & 0o111).not.toBe(0);
  expect(readFileSync(join(root, long), "utf8")).toBe("long");
});

test.each([
  ["random bytes", Buffer.from("this is no archive at all".repeat(50))],
  ["damaged gzip", Buffer.concat([gzipSync(makeTar([pack])).subarray(0, 40), Buffer.alloc(20)])],
  ["damaged zip", Buffer.from(`PK${"x".repeat(100)}`)],
])("%s are refused", (_name, bytes) => {
  expect(() => unpack(bytes)).toThrow(/archive/);
});

test("a gzip bomb is refused before it is unpacked", () => {
  expect(() => unpack(gzipSync(Buffer.alloc(700 * 1_048_576)))).toThrow(/larger than/);
});

/** Python's zipfile writes whatever it is told. */
function zip(lines: string): Buffer {
  const file = join(base, "made.zip");
  execFileSync("python3", [
    "-c",
    `import zipfile,sys\nz=zipfile.ZipFile(sys.argv[1],'w',zipfile.ZIP_DEFLATED)\nI=zipfile.ZipInfo\n${lines}\nz.close()`,
    file,
  ]);
  const bytes = readFileSync(file);
  rmSync(file);
  return bytes;
}

test("a zip arrives as it is", () => {
  unpack(
    zip(
      "z.writestr('pack.yaml','name: x\\n'*1000)\ni=I('bin/run');i.create_system=3;i.external_attr=0o100755<<16;z.writestr(i,'go')",
    ),
    "a.zip",
  );
  expect(readFileSync(join(root, "pack.yaml"), "utf8")).toHaveLength(8_000);
  expect(statSync(join(root, "bin/run")).mode & 0o111).not.toBe(0);
});

test.each([
  ["a path outside", "z.writestr('../escaped','x')", /lies outside/],
  ["an absolute path", "z.writestr('/escaped','x')", /lies outside/],
  [
    "a link outside",
    "i=I('l');i.create_system=3;i.external_attr=0o120777<<16;z.writestr(i,'../../escaped')",
    /leads outside/,
  ],
  [
    "a device",
    "i=I('d');i.create_system=3;i.external_attr=0o060777<<16;z.writestr(i,'')",
    /a device/,
  ],
])("a zip with %s is refused", (_name, lines, message) => {
  expect(() => unpack(zip(lines), "a.zip")).toThrow(message);
  expect(readdirSync(base).toSorted()).toEqual(["a.zip", "staging"]);
});

test("a zip that unpacks to more than it says is refused", () => {
  const bytes = zip("z.writestr('big','0'*10_000_000)");
  const directory = bytes.lastIndexOf("PK\u0001\u0002", undefined, "latin1");
  bytes.writeUInt32LE(10, directory + 24);
  expect(() => unpack(bytes, "a.zip")).toThrow(/larger than it says/);
});

test("a directory is copied under the same rules", () => {
  const from = join(base, "from");
  mkdirSync(join(from, "lib"), { recursive: true });
  writeFileSync(join(from, "lib", "a.py"), "1");
  symlinkSync("a.py", join(from, "lib", "b.py"));
  copyTree(from, root);
  expect(readFileSync(join(root, "lib", "b.py"), "utf8")).toBe("1");
  symlinkSync("/etc/passwd", join(from, "lib", "c.py"));
  const other = join(base, "other");
  mkdirSync(other);
  expect(() => copyTree(from, other)).toThrow(/leads outside/);
});
