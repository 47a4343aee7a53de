/** Packs on this machine from the command line: their configuration, and a server that takes them up. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { runCli } from "./run.ts";

const manifest = (name: string) =>
  `name: ${name}\nversion: 1.0.0\ndescription: d\nauthor: a\nemail: a@example.com\n`;

let place = "";
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "raicho-cli-pack-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  write("packs/lamp/pack.yaml", manifest("lamp"));
  write(
    "packs/lamp/config.schema.yaml",
    `url: { type: string, required: true, description: where it is }
level: { type: integer, default: 3 }
tags: { type: array }
lit: { type: boolean }
password: { type: string, secret: true }
`,
  );
  write("packs/plain/pack.yaml", manifest("plain"));
});

function write(name: string, text: string): void {
  mkdirSync(dirname(join(place, name)), { recursive: true });
  writeFileSync(join(place, name), text);
}

const file = (): string => join(place, "configs/lamp.yaml");
const written = (): unknown => JSON.parse(readFileSync(file(), "utf8"));

function pack(words: readonly string[], answers?: readonly string[]) {
  const left = [...(answers ?? [])];
  return runCli(["pack", ...words], {
    workingDirectory: place,
    ...(answers === undefined
      ? {}
      : { terminal: { interactive: true, ask: () => Promise.resolve(left.shift() ?? "") } }),
    host: {
      home: () => Promise.resolve(join(place, "home")),
      lintParts: () =>
        Promise.resolve({
          directories: {
            bundled: [],
            site: { packs: join(place, "packs"), rules: "", workflows: "" },
            packs: [],
          },
        }),
      packPlaces: () =>
        Promise.resolve({
          packs: join(place, "home/packs"),
          virtualenvs: join(place, "home/virtualenvs"),
          python: "python3",
          pythonPath: "",
          program: [],
          indexes: [],
          wheels: undefined,
          bundled: () => Promise.resolve(new Map<string, string>()),
          configs: join(place, "configs"),
        }),
    },
  });
}

test("values are written as their schema says, to a file that nobody else reads, and shown without secrets", async () => {
  const given = [
    "url=http://lamp",
    "level=5",
    "tags=a, b",
    "lit=yes",
    "password={{ st2kv.system.lamp }}",
  ];
  expect(await pack(["config", "lamp", ...given])).toMatchObject({
    code: 0,
    out: `wrote ${file()}\n`,
    notes: "",
  });
  const values = { url: "http://lamp", level: 5, tags: ["a", "b"], lit: true };
  expect(written()).toEqual({ ...values, password: "{{ st2kv.system.lamp }}" });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(JSON.parse((await pack(["config", "lamp"])).out)).toEqual({
    ...values,
    password: "********",
  });
  expect(await pack(["config", "lamp", "level=", "tags=[1]"])).toMatchObject({ code: 0 });
  expect(written()).toMatchObject({ url: "http://lamp", tags: [1] });
  expect(written()).not.toHaveProperty("level");
});

test("what the schema refuses is not written", async () => {
  for (const [value, words] of [
    ["level=much", 'nothing was written: level must be an integer, not "much"; "url" is required'],
    [
      "colour=red",
      'the pack "lamp" has no setting "colour"; it has url, level, tags, lit, password',
    ],
    ["level", '"level": expected KEY=VALUE'],
  ] as const) {
    const { code, notes } = await pack(["config", "lamp", value]);
    expect(code).toBeGreaterThan(0);
    expect(notes).toContain(words);
  }
  expect(existsSync(file())).toBe(false);
});

test("a pack without a schema is not configured blindly", async () => {
  for (const answers of [undefined, []])
    expect(
      await pack(["config", "plain", ...(answers === undefined ? ["a=1"] : [])], answers),
    ).toMatchObject({
      code: 1,
      notes: expect.stringContaining('the pack "plain" has no config.schema.yaml') as string,
    });
  expect(await pack(["config", "plain"])).toMatchObject({ code: 0, out: "{}\n" });
  expect(await pack(["config", "nobody", "a=1"])).toMatchObject({ code: 5 });
  expect(existsSync(join(place, "configs"))).toBe(false);
});

test("on a terminal it asks for each value; an empty answer keeps what is there", async () => {
  expect(await pack(["config", "lamp"], ["http://lamp", "", "x,y", "no", "pw"])).toMatchObject({
    code: 0,
  });
  expect(written()).toEqual({ url: "http://lamp", tags: ["x", "y"], lit: false, password: "pw" });
});

test("a server is told of changes, and register says when there is none", async () => {
  expect(await pack(["register"])).toMatchObject({
    code: 1,
    notes: expect.stringContaining("no raicho runs with") as string,
  });
  write("home/supervisor.pid", "");
  expect(await pack(["register"])).toMatchObject({ code: 1 });
  write("home/supervisor.pid", "4242\n");
  const kill = vi.spyOn(process, "kill").mockReturnValue(true);
  onTestFinished(() => kill.mockRestore());
  expect(await pack(["register"])).toMatchObject({ code: 0, notes: "the server takes it up\n" });
  expect(await pack(["config", "lamp", "url=x"])).toMatchObject({
    notes: "the server takes it up\n",
  });
  expect(kill.mock.calls).toEqual([
    [4242, "SIGHUP"],
    [4242, "SIGHUP"],
  ]);
});

test("install takes --version for the pack's, not for the program's", async () => {
  const { code, notes, out } = await pack(["install", "./packs/lamp", "--version", "2.0.0"]);
  expect(out + notes).toContain('has no version "2.0.0"');
  expect(code).not.toBe(0);
  for (const words of [["--version"], ["-V"]])
    expect(await runCli(words)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\./) as string,
    });
});
