/** `npm run test:faults [-- --kills N]`: the faults of tests/faults, 200 kills unless said. */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

try {
  const { values } = parseArgs({ options: { kills: { type: "string", default: "200" } } });
  if (!/^[1-9]\d*$/.test(values.kills))
    throw new Error(`--kills ${values.kills}: expected a number`);
  const vitest = spawn("npx", ["vitest", "run", "tests/faults"], {
    stdio: "inherit",
    env: { ...process.env, FAULTS: values.kills },
  });
  vitest.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  process.stderr.write(`faults: ${String(error)}\nusage: npm run test:faults [-- --kills N]\n`);
  process.exitCode = 2;
}
