/** Makes dist/ for publishing: JavaScript and types of src/, and what src/ holds besides TypeScript (the Python hosts). */
import { execFileSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const [outDirectory = "dist"] = process.argv.slice(2);

rmSync(outDirectory, { recursive: true, force: true });
execFileSync("tsc", ["-p", "tsconfig.build.json", "--outDir", outDirectory], { stdio: "inherit" });

const others = globSync("**/*", {
  cwd: "src",
  withFileTypes: true,
  exclude: (entry) => entry.name === "__pycache__",
}).filter((entry) => entry.isFile() && !/\.(ts|pyc)$/.test(entry.name));
for (const { parentPath, name } of others) {
  const target = join(outDirectory, join(parentPath, name).replace(/^.*?\bsrc\//, ""));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(parentPath, name), target);
}
