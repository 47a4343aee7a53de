import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { installPacks, removePacks, type InstallOptions } from "../../src/installer/install.ts";
import { recover, type InstallerPlaces } from "../../src/installer/places.ts";
import { makeTar } from "./make-tar.ts";

let base = "";
let places: InstallerPlaces;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "raicho-install-"));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  places = {
    packs: join(base, "home", "packs"),
    virtualenvs: join(base, "home", "virtualenvs"),
    python: "python3",
    indexes: [],
    wheels: base,
    bundled: () => Promise.resolve(new Map([["core", "1.0.0"]])),
  };
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, name)), { recursive: true });
    writeFileSync(join(base, name), text);
  }
}

function manifest(name: string, version: string, more = ""): string {
  return `name: ${name}\nversion: ${version}\ndescription: d\nauthor: a\nemail: a@example.com\n${more}`;
}

function git(directory: string, ...args: readonly string[]): void {
  const who = [
    "-c",
    "user.name=a",
    "-c",
    "user.email=a@example.com",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "protocol.file.allow=always",
  ];
  execFileSync("git", ["-C", join(base, directory), ...who, ...args], { stdio: "pipe" });
}

function commit(directory: string, files: Readonly<Record<string, string>>, tag?: string): void {
  write(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${directory}/${name}`, text])),
  );
  if (!existsSync(join(base, directory, ".git"))) git(directory, "init", "-q", "-b", "main");
  git(directory, "add", "-A");
  git(directory, "commit", "-q", "-m", "m");
  if (tag !== undefined) git(directory, "tag", tag);
}

/** Without virtual environments, which cost seconds each. */
function install(
  request: string | readonly string[],
  options: Partial<InstallOptions> = {},
): ReturnType<typeof installPacks> {
  const requests = typeof request === "string" ? [request] : request;
  return installPacks(requests, places, { base, skipVirtualenvs: true, ...options });
}

function versionOf(ref: string): string | undefined {
  const file = join(places.packs, ref, "pack.yaml");
  return existsSync(file) ? /version: (.*)/.exec(readFileSync(file, "utf8"))?.[1] : undefined;
}

test("directories, archives and repositories install; a version is a tag, a branch or a commit", async () => {
  write({ "dir/pack.yaml": manifest("dir_pack", "1.0.0"), "dir/actions/a.sh": "echo\n" });
  writeFileSync(
    join(base, "arc.tar"),
    makeTar([{ path: "arc-1.0/pack.yaml", body: manifest("arc", "2.0.0") }]),
  );
  commit("repo", { "pack.yaml": manifest("repo_pack", "1.0.0") }, "v1.0.0");
  commit("repo", { "pack.yaml": manifest("repo_pack", "1.1.0") });
  const done = await install(["./dir", "arc.tar", `file://${join(base, "repo")}=1.0.0`]);
  expect(done.packs.map(({ ref, version }) => [ref, version])).toEqual([
    ["dir_pack", "1.0.0"],
    ["arc", "2.0.0"],
    ["repo_pack", "1.0.0"],
  ]);
  expect(readFileSync(join(places.packs, "dir_pack", "actions", "a.sh"), "utf8")).toBe("echo\n");
  expect(readdirSync(places.packs).toSorted()).toEqual(["arc", "dir_pack", "repo_pack"]);
  const [updated] = (await install("./repo", { version: "main" })).packs;
  expect(updated).toMatchObject({ ref: "repo_pack", version: "1.1.0", former: "1.0.0" });
  await removePacks(["repo_pack", "arc"], places);
  expect(readdirSync(places.packs)).toEqual(["dir_pack"]);
});

test("names are looked up in index files", async () => {
  commit("repo", { "pack.yaml": manifest("listed", "1.0.0") });
  write({
    "index.json": JSON.stringify({ packs: { listed: { repo_url: join(base, "repo") } } }),
    "odd.json": "[]",
  });
  const indexed = { ...places, indexes: [join(base, "odd.json"), join(base, "index.json")] };
  const done = await installPacks(["listed"], indexed, { base, skipVirtualenvs: true });
  expect(done.packs.map(({ ref }) => ref)).toEqual(["listed"]);
  await expect(installPacks(["lost"], indexed, { base })).rejects.toThrow(
    /no index knows the pack "lost".*malformed/,
  );
});

function untouched(): void {
  expect(existsSync(join(base, "escaped"))).toBe(false);
  expect(existsSync(places.packs) ? readdirSync(places.packs) : []).toEqual([]);
}

describe("hostile repositories", () => {
  test.each([
    ["ext::sh -c 'touch escaped'", /is no pack/],
    ["ext::touch%20escaped", /not fetched by "ext"/],
    ["--upload-pack=touch escaped", /is no pack/],
    ["--upload-pack=touch_escaped", /is no pack/],
    ["-c", /is no pack/],
    ["ssh://-oProxyCommand=touch_escaped/x", /not fetched|no pack|no file/],
    ["fd::17/foo", /not fetched by "fd"/],
    ["gopher://example.com/x", /not fetched by "gopher"/],
    ["file:///nowhere/at/all", /there is nothing at/],
    ["./dir=--upload-pack=x", /is no pack|no version|no file/],
  ])("%s is not fetched", async (address, message) => {
    await expect(install(address)).rejects.toThrow(message);
    untouched();
  });

  test.each(["--output=escaped", "-n", "../x", "a b", "v1;touch escaped", "@{-1}"])(
    "%s is no version",
    async (version) => {
      commit("repo", { "pack.yaml": manifest("p", "1.0.0") });
      await expect(install("./repo", { version })).rejects.toThrow(/is no version/);
      untouched();
    },
  );

  test("links, submodules, hooks and attributes do nothing outside", async () => {
    commit("other", { x: "1" });
    commit("repo", {
      "pack.yaml": manifest("p", "1.0.0"),
      ".gitattributes": "*.txt export-ignore\n*.sh filter=evil\n",
      "a.txt": "kept",
      "a.sh": "kept",
    });
    git("repo", "submodule", "add", "-q", join(base, "other"), "sub");
    git("repo", "commit", "-q", "-am", "s");
    write({
      "repo/.git/hooks/post-checkout": `#!/bin/sh\ntouch ${base}/escaped\n`,
      "repo/.git/hooks/post-update": "#!/bin/sh\n",
    });
    execFileSync("chmod", ["-R", "+x", join(base, "repo", ".git", "hooks")]);
    await install(`file://${join(base, "repo")}`, { version: "main" });
    expect(existsSync(join(base, "escaped"))).toBe(false);
    expect(readdirSync(join(places.packs, "p")).toSorted()).toEqual([
      ".git",
      ".gitattributes",
      ".gitmodules",
      "a.sh",
      "a.txt",
      "pack.yaml",
      "sub",
    ]);
    expect(readdirSync(join(places.packs, "p", "sub"))).toEqual([]);
    expect(existsSync(join(places.packs, "p", ".git", "hooks"))).toBe(false);
  });

  test("a link that leads outside keeps the pack out", async () => {
    commit("repo", { "pack.yaml": manifest("p", "1.0.0") });
    execFileSync("ln", ["-s", "/etc", join(base, "repo", "etc")]);
    git("repo", "add", "-A");
    git("repo", "commit", "-q", "-m", "l");
    await expect(install("./repo", { version: "main" })).rejects.toThrow(/leads outside/);
    untouched();
  });

  test("a pack cannot take the place of the system's, nor a name that is a path", async () => {
    write({
      "dir/pack.yaml": manifest("core", "9.0.0"),
      "odd/pack.yaml": `${manifest("odd", "1.0.0")}ref: ../../escaped\n`,
    });
    await expect(install("./dir")).rejects.toThrow(/part of Raicho/);
    await expect(install("./odd")).rejects.toThrow(/ref must be/);
    await expect(removePacks(["core"], places)).rejects.toThrow(/cannot be uninstalled/);
    await expect(removePacks(["../x"], places)).rejects.toThrow(/not installed/);
    untouched();
  });
});

describe("what goes wrong leaves everything as it was", () => {
  beforeEach(async () => {
    write({ "old/pack.yaml": manifest("p", "1.0.0"), "old/file": "old" });
    await install("./old");
  });

  test.each([
    [
      "a broken manifest",
      { "new/pack.yaml": "name: p\nversion: one\ndescription: d\nauthor: a\n" },
      /"one" is not a version/,
    ],
    [
      "another version of StackStorm",
      { "new/pack.yaml": manifest("p", "2.0.0", 'stackstorm_version: ">=9.0.0"\n') },
      /asks for StackStorm >=9.0.0/,
    ],
    [
      "a missing dependency",
      { "new/pack.yaml": manifest("p", "2.0.0", "dependencies: [./gone]\n") },
      /no file or directory/,
    ],
    [
      "a conflict",
      { "new/pack.yaml": manifest("p", "2.0.0", "dependencies: [core=2.0.0]\n") },
      /needs "core" 2.0.0, but 1.0.0 is there/,
    ],
    [
      "dependencies in circles",
      {
        "new/pack.yaml": manifest("p", "2.0.0", "dependencies: [./a]\n"),
        "a/pack.yaml": manifest("pa", "1.0.0", "dependencies: [./b]\n"),
        "b/pack.yaml": manifest("pb", "1.0.0", "dependencies: [./c]\n"),
        "c/pack.yaml": manifest("pc", "1.0.0", "dependencies: [./d]\n"),
        "d/pack.yaml": manifest("pd", "1.0.0"),
      },
      /more than 3 packs deep/,
    ],
  ])("%s", async (_name, files, message) => {
    write(files);
    await expect(install("./new")).rejects.toThrow(message);
    expect([versionOf("p"), readFileSync(join(places.packs, "p", "file"), "utf8")]).toEqual([
      "1.0.0",
      "old",
    ]);
    expect(readdirSync(places.packs)).toEqual(["p"]);
  });

  test("force and skip-dependencies say otherwise", async () => {
    write({
      "new/pack.yaml": manifest(
        "p",
        "2.0.0",
        'stackstorm_version: ">=9.0.0"\ndependencies: [core=2.0.0]\n',
      ),
    });
    await install("./new", { force: true, skipDependencies: true });
    expect(versionOf("p")).toBe("2.0.0");
  });

  test("an installation that was killed is undone", () => {
    execFileSync("mv", [join(places.packs, "p"), join(places.packs, ".former-p")]);
    mkdirSync(join(places.packs, ".staging-x"));
    recover(places.packs);
    expect([readdirSync(places.packs), versionOf("p")]).toEqual([["p"], "1.0.0"]);
  });
});

test("dependencies come along, once", async () => {
  write({
    "a/pack.yaml": manifest("a", "1.0.0", "dependencies: [./b, ./c, core]\n"),
    "b/pack.yaml": manifest("b", "1.0.0", "dependencies: [./c=]\n"),
    "c/pack.yaml": manifest("c", "1.0.0"),
  });
  const done = await install("./a");
  expect(done.packs.map(({ ref }) => ref)).toEqual(["a", "b", "c"]);
});

test(
  "environments are built beside the one in use, and one that fails changes nothing",
  { timeout: 240_000 },
  async () => {
    write({ "p/pack.yaml": manifest("p", "1.0.0") });
    await install("./p", { skipVirtualenvs: false });
    const link = join(places.virtualenvs, "p");
    const first = readlinkSync(link);
    expect(
      execFileSync(join(link, "bin", "python"), ["-c", "import sys; print(sys.prefix)"], {
        encoding: "utf8",
      }),
    ).toContain("/p");
    write({
      "p/pack.yaml": manifest("p", "2.0.0"),
      "p/requirements.txt": "raicho-there-is-no-such-library==1\n",
    });
    await expect(install("./p", { skipVirtualenvs: false })).rejects.toThrow(
      /requirements of the pack "p" cannot be installed/,
    );
    expect([versionOf("p"), readlinkSync(link)]).toEqual(["1.0.0", first]);
    rmSync(join(base, "p", "requirements.txt"));
    await install("./p", { skipVirtualenvs: false });
    expect(versionOf("p")).toBe("2.0.0");
    expect(readdirSync(places.virtualenvs).filter((name) => name.startsWith(".p-"))).toEqual([
      readlinkSync(link).replace("./", ""),
    ]);
    expect(readlinkSync(link)).not.toBe(first);
  },
);
