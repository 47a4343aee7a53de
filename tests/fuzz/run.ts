/** `npm run fuzz:api`: 20,000 random requests. `npm run fuzz [-- --full]`: the random tests alone, as `npm test` runs them, or with 100,000 cases each. */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

const tests = ["tests/fuzz", "tests/workflows/invariants.test.ts"];

try {
  const { values } = parseArgs({
    options: { full: { type: "boolean" }, api: { type: "boolean" } },
  });
  const wanted = values.api === true ? ["tests/fuzz/api.test.ts"] : tests;
  const vitest = spawn("npx", ["vitest", "run", ...wanted], {
    stdio: "inherit",
    env: {
      ...process.env,
      ...(values.full === true ? { FUZZ: "full" } : {}),
      ...(values.api === true ? { FUZZ_API: process.env["FUZZ_API"] ?? "20000" } : {}),
    },
  });
  vitest.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  process.stderr.write(`fuzz: ${String(error)}\nusage: npm run fuzz [-- --full]\n`);
  process.exitCode = 2;
}
