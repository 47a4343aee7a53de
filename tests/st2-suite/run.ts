/**
 * `npm run conformance:st2-suite -- --st2 DIR [--python-path DIRS] [-- PYTEST ARGUMENTS]`: StackStorm's own integration suite for workflows, from a
 * checkout of StackStorm/st2, driven by its own Python client against a Raicho that is started for it. Nothing of the checkout is changed.
 *
 * Needs what docs/compatibility.md says under "Repeating StackStorm's own suite", and the ports 9100 to 9102. Exits with what pytest exits with.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { removeHome, startRaicho, temporaryHome } from "../support/raicho.ts";

const suite = "st2tests/integration/orquesta";

/** The checkout's pack `examples`, and `fixtures`, which it holds under another name. */
function writePacks(checkout: string): string {
  const packs = mkdtempSync(join(tmpdir(), "raicho-st2-suite-"));
  symlinkSync(join(checkout, "contrib/examples"), join(packs, "examples"));
  const fixtures = join(packs, "fixtures");
  const original = join(checkout, "st2tests/st2tests/fixtures/packs/dummy_pack_7");
  cpSync(join(original, "actions"), join(fixtures, "actions"), { recursive: true });
  writeFileSync(
    join(fixtures, "pack.yaml"),
    JSON.stringify({
      ref: "fixtures",
      name: "fixtures",
      description: "What the suite's workflows call",
      version: "0.1.0",
      author: "suite",
      email: "suite@example.com",
    }),
  );
  return packs;
}

/** The virtual environment of `examples`; StackStorm's own brings modules along that its actions use, e.g. eventlet. */
function makeEnvironment(
  directory: string,
  { python, pythonPath }: Pick<Suite, "python" | "pythonPath">,
): void {
  const make = ["-m", "venv", "--without-pip", "--system-site-packages", directory];
  execFileSync(python, make, { stdio: "inherit" });
  const [packages] = globSync("lib/python*/site-packages", { cwd: directory });
  writeFileSync(join(directory, packages ?? "", "suite.pth"), `${pythonPath.join("\n")}\n`);
}

interface Suite {
  readonly checkout: string;
  readonly pythonPath: readonly string[];
  readonly python: string;
  readonly pytest: readonly string[];
}

async function runSuite({ checkout, pythonPath, python, pytest }: Suite): Promise<number> {
  const packs = writePacks(checkout);
  const home = temporaryHome();
  makeEnvironment(join(home, "virtualenvs/examples"), { python, pythonPath });
  const raicho = await startRaicho({
    home,
    // The suite's own configuration of that pack.
    configs: { fixtures: { config_item_one: "Testing" } },
    env: {
      RAICHO_AUTH: "off",
      RAICHO_PACKS: packs,
      // One test expects the API at this port in an output; the client finds the other two services beside it.
      RAICHO_PORT: "9101",
      RAICHO_ST2_PORTS: "on",
    },
  });
  try {
    const parts = ["st2client", "st2common", "st2tests"].map((part) => join(checkout, part));
    const child = spawn(
      python,
      ["-m", "pytest", "-p", "no:cacheprovider", "-rA", ...pytest, join(checkout, suite)],
      {
        cwd: packs,
        stdio: "inherit",
        env: {
          ...process.env,
          PYTHONDONTWRITEBYTECODE: "1",
          PYTHONPATH: [...parts, ...pythonPath].join(delimiter),
          ST2_CI_RUN_ORQUESTA_PAUSE_RESUME_TESTS: "true",
        },
      },
    );
    const code = await new Promise<number>((done, fail) => {
      child.once("error", fail);
      child.once("exit", (status) => done(status ?? 1));
    });
    const { err } = raicho.printed();
    if (code !== 0 && err !== "") process.stderr.write(`What Raicho logged:\n${err}`);
    return code;
  } finally {
    await raicho.stop();
    removeHome(raicho.home);
    rmSync(packs, { recursive: true });
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    st2: { type: "string" },
    "python-path": { type: "string", default: "" },
    python: { type: "string", default: "python3" },
  },
});
const checkout = values.st2 === undefined ? undefined : resolve(values.st2);
if (checkout === undefined || !existsSync(join(checkout, suite))) {
  process.stderr.write(
    `st2-suite: give --st2 DIR, a checkout of StackStorm/st2 (there is no ${suite} in ${values.st2 ?? "nothing"})\n`,
  );
  process.exitCode = 2;
} else
  process.exitCode = await runSuite({
    checkout,
    python: values.python,
    pythonPath: values["python-path"].split(delimiter).filter((path) => path !== ""),
    pytest: positionals,
  });
