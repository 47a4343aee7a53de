import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { buildVirtualenv, useVirtualenv } from "../../src/installer/virtualenv.ts";
import { needs } from "../support/needs.ts";

/** Writes a wheel with one module of that name. */
function wheel(name: string, directory: string): void {
  const program = `import sys, zipfile
name = sys.argv[1]
with zipfile.ZipFile(sys.argv[2] + "/" + name + "-9.9-py3-none-any.whl", "w") as file:
    file.writestr(name + "/__init__.py", "")
    info = name + "-9.9.dist-info/"
    file.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: " + name + "\\nVersion: 9.9\\n")
    file.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: a\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    file.writestr(info + "RECORD", "")`;
  execFileSync("python3", ["-c", program, name, directory]);
}

test.skipIf(!needs("python3"))(
  "a directory of wheels is enough, for what a pack names and for what it does not",
  { timeout: 240_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "raicho-virtualenv-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const [wheels, directory, pack] = ["wheels", "virtualenvs", "p"].map((name) =>
      join(folder, name),
    );
    if (!wheels || !directory || !pack) throw new Error("three places were named");
    for (const made of [wheels, pack]) mkdirSync(made);
    for (const name of ["weatherlib", "eventlet"]) wheel(name, wheels);
    writeFileSync(join(pack, "requirements.txt"), "weatherlib==9.9\n");
    const { path, missing } = await buildVirtualenv("p", pack, {
      directory,
      python: "python3",
      wheels,
    });
    useVirtualenv("p", directory, path);
    expect(missing).not.toContain("eventlet");
    const program = join(directory, "p", "bin", "python");
    const places = execFileSync(program, [
      "-c",
      "import eventlet, weatherlib; print(weatherlib.__file__)",
    ]).toString();
    expect(places).toContain(join(directory, "p", "lib"));
  },
);
