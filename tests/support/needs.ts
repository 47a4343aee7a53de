import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether that program is installed. In CI its absence is a failure, elsewhere the tests that need it say so and skip. */
export function needs(program: string): boolean {
  const places = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const found = places.some((place) => {
    try {
      accessSync(join(place, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found && process.env["CI"] === "true")
    throw new Error(`${program} is not installed: install the Debian packages named in .ci/run`);
  if (!found) process.stderr.write(`skipped: ${program} is not installed\n`);
  return found;
}
