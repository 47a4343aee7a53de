import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpRequestRunner } from "../../src/runners/http-request.ts";
import { needs } from "../support/needs.ts";
import { runCall } from "../support/run-call.ts";

const run = promisify(execFile);

describe.skipIf(!needs("openssl"))("certificates", () => {
  const folder = mkdtempSync(join(tmpdir(), "raicho-tls-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  let server: Server;
  let url = "";
  beforeAll(async () => {
    const made = ["-nodes", "-keyout", key, "-out", certificate, "-days", "3650"];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", ...made, ...names], {
      stdio: "ignore",
    });
    const options = { key: readFileSync(key), cert: readFileSync(certificate) };
    server = createServer(options, (_request, response) => response.end("ok"));
    await new Promise<void>((resolve) => server.listen(0, resolve));
    url = `https://localhost:${(server.address() as { port: number }).port}/`;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("that nobody vouches for are refused, unless that is allowed", async () => {
    await expect(httpRequestRunner().run(runCall({ url }))).rejects.toThrow("self-signed");
    const allowed = runCall({ url, verify_ssl_cert: false });
    expect(await httpRequestRunner().run(allowed)).toMatchObject({ result: { body: "ok" } });
  });

  test("of an authority of this machine are believed", async () => {
    const module = new URL("../../src/runners/http-request.ts", import.meta.url).href;
    const code = `const { httpRequestRunner } = await import(${JSON.stringify(module)});
const call = { action: { ref: "core.http", pack: "core" }, parameters: { url: ${JSON.stringify(url)} }, signal: new AbortController().signal };
process.stdout.write((await httpRequestRunner().run(call)).status);`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", code], {
      env: { PATH: process.env["PATH"], SSL_CERT_FILE: certificate },
    });
    expect(stdout).toBe("succeeded");
  });
});
