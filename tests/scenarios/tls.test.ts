/** Door and SMTP with a certificate: people and senders speak TLS, actions of the machine still reach the API, renewed files are taken over. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import {
  adminPassword,
  basic,
  plainRequest,
  type Raicho,
  removeHome,
  runRaicho,
  startRaicho,
} from "../support/raicho.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const directory = mkdtempSync(join(tmpdir(), "raicho-tls-"));
const cert = join(directory, "door.pem");
const key = join(directory, "door.key");
const files = { RAICHO_TLS_CERT: cert, RAICHO_TLS_KEY: key };

function makeCertificate(name: string): void {
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "1",
      "-subj",
      `/CN=${name}`,
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-keyout",
      key,
      "-out",
      cert,
    ],
    { stdio: "ignore" },
  );
}

interface Said {
  readonly status: number;
  readonly body: string;
}

function ask(
  url: string,
  { method = "GET", headers = {}, body }: { method?: string; headers?: object; body?: object } = {},
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        ca: readFileSync(cert),
        headers: { "content-type": "application/json", ...headers },
      },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => void (text += chunk.toString()));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    sent.once("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Whose certificate a new connection is shown. */
function shown(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: "127.0.0.1", port: Number(new URL(url).port), rejectUnauthorized: false },
      () => {
        const { subject }: PeerCertificate = socket.getPeerCertificate();
        socket.destroy();
        resolve(String(subject.CN));
      },
    );
    socket.once("error", reject);
  });
}

describe.skipIf(!needs("openssl"))("with a certificate", () => {
  let raicho: Raicho;
  beforeAll(async () => {
    makeCertificate("first");
    raicho = await startRaicho({ env: files });
  });
  afterAll(async () => {
    await raicho.stop();
    removeHome(raicho.home);
    rmSync(directory, { recursive: true });
  });

  async function execute(command: string): Promise<string> {
    const login = await ask(`${raicho.url}/auth/v1/tokens`, {
      method: "POST",
      headers: basic("admin", adminPassword),
      body: {},
    });
    const { token } = JSON.parse(login.body) as { token: string };
    const headers = { "x-auth-token": token };
    const made = await ask(`${raicho.url}/v1/executions`, {
      method: "POST",
      headers,
      body: { action: "core.local", parameters: { cmd: command } },
    });
    const { id } = JSON.parse(made.body) as { id: string };
    return eventually("the action", async () => {
      const { body } = await ask(`${raicho.url}/v1/executions/${id}`, { headers });
      const { status, result } = JSON.parse(body) as {
        status: string;
        result?: { stdout: string };
      };
      return status === "succeeded" ? (result?.stdout ?? "") : undefined;
    });
  }

  test("the door speaks TLS, and nothing else on that port", async () => {
    expect(raicho.url).toMatch(/^https:/);
    expect(await ask(`${raicho.url}/livez`)).toMatchObject({ status: 200 });
    await expect(plainRequest(`${raicho.url.replace("https", "http")}/livez`)).rejects.toThrow(
      "fetch failed",
    );
  });

  test("actions of this machine reach the API without knowing the certificate", async () => {
    const said = await execute(
      'echo "$ST2_ACTION_API_URL"; curl -s -o /dev/null -w "%{http_code}" "${ST2_ACTION_API_URL%/v1}/livez"',
    );
    expect(said).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\s+200$/);
  });

  test("mail may come over STARTTLS", async () => {
    const { host, port } = raicho.smtp;
    const transport = createTransport({
      host,
      port,
      requireTLS: true,
      tls: { ca: readFileSync(cert) },
    });
    const sent = await transport.sendMail({
      envelope: { from: "a@x", to: ["b@x"] },
      raw: "Subject: x\r\nMessage-ID: <1@x>\r\n\r\nhello",
    });
    expect(sent.response).toMatch(/^250/);
  });

  test("a renewed certificate is shown after `raicho reload`, a broken one is not", async () => {
    const { home } = raicho;
    expect(await shown(raicho.url)).toBe("first");
    makeCertificate("second");
    expect(await runRaicho(["reload"], { home }).ended).toMatchObject({ code: 0 });
    await eventually("the new certificate", async () =>
      (await shown(raicho.url)) === "second" ? true : undefined,
    );
    const good = readFileSync(key);
    writeFileSync(key, "no key");
    await runRaicho(["reload"], { home }).ended;
    await eventually("the warning", () =>
      raicho.printed().err.includes("the certificate could not be read again") ? true : undefined,
    );
    writeFileSync(key, good);
    expect(await shown(raicho.url)).toBe("second");
  });

  test("files that do not fit each other end the start in one line", async () => {
    const odd = join(directory, "odd.key");
    execFileSync("openssl", ["genrsa", "-out", odd, "2048"], { stdio: "ignore" });
    const { ended, printed } = runRaicho(["start"], { env: { ...files, RAICHO_TLS_KEY: odd } });
    expect(await ended).toMatchObject({ code: 1 });
    expect(printed.err.trim().split("\n").at(-1)).toMatch(
      /^raicho: RAICHO_TLS_CERT=\S+ and RAICHO_TLS_KEY=\S+ do not work together: /,
    );
  });
});
