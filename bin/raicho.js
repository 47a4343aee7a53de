#!/usr/bin/env node
/** Starts Raicho: from src/ in a checkout (no build needed), from dist/ in an installed package. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const oldest = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src", "main.ts");
const main = existsSync(source) ? source : join(root, "dist", "main.js");

/** The Node.js of the development dependencies, when they are installed. */
function installedNode() {
  try {
    const path = join(
      dirname(createRequire(import.meta.url).resolve("node/package.json")),
      "bin",
      "node",
    );
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Runs it in a child of that Node.js: signals go there, its end is ours. */
function runWith(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  child.once("error", (error) => {
    process.stderr.write(`raicho: ${node} could not be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.once("exit", (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 1;
  });
}

/** Node.js keeps compiled modules in the user's cache, where nobody else writes: a command then starts in half the time. */
function keepCompiled() {
  const { XDG_CACHE_HOME: caches, HOME: home } = process.env;
  const place = caches || (home && join(home, ".cache"));
  if (place) module.enableCompileCache(join(place, "raicho"));
}

const major = Number(process.versions.node.split(".")[0]);
if (major >= oldest) {
  keepCompiled();
  await import(pathToFileURL(main).href);
} else {
  const node = installedNode();
  if (node === undefined) {
    process.stderr.write(
      `raicho: Node.js ${oldest} or newer is needed, this is ${process.version}\n`,
    );
    process.exitCode = 1;
  } else runWith(node);
}
