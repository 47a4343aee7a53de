import { afterAll, describe } from "vitest";
import { spawner } from "../../src/processes/spawner.ts";
import { localShellCommandRunner } from "../../src/runners/local-shell.ts";
import { describeRunner } from "../contracts/runner.ts";

describe("local-shell-cmd through the spawner process", () => {
  const real = spawner();
  afterAll(() => real.close());
  describeRunner(
    () =>
      localShellCommandRunner({
        spawn: (program, args, options) => real.spawn(program, args, options),
        outputLimit: 50_000,
      }),
    {
      succeeds: { parameters: { cmd: "echo ok" } },
      fails: { parameters: { cmd: "exit 3" } },
      hangs: { parameters: { cmd: "echo started; sleep 600" } },
      floods: { parameters: { cmd: "head -c 3000000 /dev/zero | tr '\\0' x" } },
    },
  );
});
