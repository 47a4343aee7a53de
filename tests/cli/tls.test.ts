/** Servers with certificates of their own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitCodes } from "../../src/cli/cli.ts";
import { needs } from "../support/needs.ts";
import { runCli, type CliResult } from "./run.ts";

describe.skipIf(!needs("openssl"))("a server with a certificate of its own", () => {
  const directory = mkdtempSync(join(tmpdir(), "raicho-tls-"));
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
  let server: Server;
  let url: string;

  beforeAll(() => {
    const request = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "1",
      "-subj",
      "/CN=localhost",
    ];
    const names = ["-addext", "subjectAltName=DNS:localhost"];
    execFileSync("openssl", [...request, ...names, "-keyout", key, "-out", certificate], {
      stdio: "ignore",
    });
    server = createServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      (_request, response) => {
        response.setHeader("Content-Type", "application/json");
        response.end(JSON.stringify({ username: "mio", authentication: {}, rbac: {} }));
      },
    ).listen(0);
    url = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close().closeAllConnections();
    rmSync(directory, { recursive: true });
  });

  const whoami = (
    words: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<CliResult> =>
    runCli(["whoami", "--url", url, "-j", ...words], {
      environment: { HOME: "/nonexistent", ...environment },
    });

  test("is not trusted, and it is said how", async () => {
    expect(await whoami([])).toMatchObject({
      code: exitCodes.unreachable,
      notes: expect.stringContaining(
        "its certificate is signed by itself; trust it with --cacert FILE",
      ),
    });
  });

  test.each<[string, readonly string[], Record<string, string>]>([
    ["by the option", ["--cacert", certificate], {}],
    ["by the environment", [], { RAICHO_CACERT: certificate }],
    ["by StackStorm's variable", [], { ST2_CACERT: certificate }],
    ["when everybody is", ["--insecure"], {}],
  ])("is trusted %s", async (_how, words, environment) => {
    const { code, out } = await whoami(words, environment);
    expect({ code, user: (JSON.parse(out) as { username: string }).username }).toEqual({
      code: exitCodes.ok,
      user: "mio",
    });
  });

  test("a file that is not there is told", async () => {
    expect(await whoami(["--cacert", join(directory, "none.pem")])).toMatchObject({
      code: exitCodes.usage,
      notes: expect.stringContaining("none.pem cannot be read"),
    });
  });
});
