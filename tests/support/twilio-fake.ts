/** Twilio's calls (REST API 2010-04-01 and TwiML) as documented, and as strict: unknown parameters, TwiML that is none and wrong credentials are refused; what it tells of keys
 * is signed. */
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** What happens to a request for a call: it is answered; refused for a moment; made, with its answer lost; lost before it is made. */
type Weather = "fine" | "busy" | "lost-answer" | "lost-request";

export interface TwilioFake {
  readonly url: string;
  readonly account: string;
  readonly token: string;
  /** Numbers that were called. */
  readonly called: readonly string[];
  /** TwiML of the calls. */
  readonly said: readonly string[];
  /** Calls that were ended by us. */
  readonly hungUp: readonly string[];
  /** What comes next, one per request for a call; fine when there is nothing left. */
  readonly weather: Weather[];
  stop(): Promise<void>;
}

interface Call {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly made: Date;
  status: string;
}

/** What the called one does, by the last digits of the number. */
const manners: Readonly<Record<string, string>> = {
  "01": "busy",
  "02": "no-answer",
  "03": "failed",
  "04": "silent",
};

const parameters = new Set(["To", "From", "Timeout", "Twiml"]);
const twiml =
  /^<Response><Gather input="dtmf" numDigits="1" timeout="\d+" actionOnEmptyResult="true" method="POST" action="(?<action>https?:\/\/[^"<>]+)"><Say language="(?:ja-JP|en-US)" loop="3">[^<>]+<\/Say><\/Gather><\/Response>$/;

export async function startTwilioFake(): Promise<TwilioFake> {
  const site = new Site();
  const server = createServer((request, response) => {
    site.take(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    account: site.account,
    token: site.token,
    called: site.called,
    said: site.said,
    hungUp: site.hungUp,
    weather: site.weather,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

class Site {
  readonly account = `AC${"1".repeat(32)}`;
  readonly token = "twilio token";
  readonly called: string[] = [];
  readonly said: string[] = [];
  readonly hungUp: string[] = [];
  readonly weather: Weather[] = [];
  readonly #calls: Call[] = [];

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://fake");
    const form = new URLSearchParams(await text(request));
    const known = `Basic ${Buffer.from(`${this.account}:${this.token}`).toString("base64")}`;
    if (request.headers.authorization !== known)
      return refuse(response, 401, [20_003, "Authenticate"]);
    const base = `/2010-04-01/Accounts/${this.account}/Calls`;
    if (url.pathname === `${base}.json`)
      return request.method === "POST"
        ? this.#place(form, response)
        : answer(response, 200, { calls: this.#listed(url.searchParams), page: 0 });
    const sid = url.pathname.startsWith(`${base}/`)
      ? url.pathname.slice(base.length + 1).replace(/\.json$/, "")
      : "";
    const call = this.#calls.find((one) => one.sid === sid);
    if (call === undefined) return refuse(response, 404, [20_404, "Not found"]);
    if (request.method === "POST") {
      if (form.get("Status") !== "completed")
        return refuse(response, 400, [20_001, "Invalid Status"]);
      this.hungUp.push(call.to);
      call.status = "completed";
    }
    return answer(response, 200, shown(call));
  }

  #listed(wanted: URLSearchParams): readonly object[] {
    return this.#calls
      .filter(({ to, from }) => to === wanted.get("To") && from === wanted.get("From"))
      .toReversed()
      .slice(0, Number(wanted.get("PageSize") ?? 50))
      .map(shown);
  }

  #place(form: URLSearchParams, response: ServerResponse): void {
    const weather = this.weather.shift() ?? "fine";
    if (weather === "busy") {
      response.setHeader("retry-after", "1");
      return refuse(response, 429, [20_429, "Too many requests"]);
    }
    if (weather === "lost-request") return void response.destroy();
    const fault = faultOf(form);
    if (fault !== undefined) return refuse(response, 400, fault);
    const call = this.#made(form);
    if (weather === "lost-answer") return void response.destroy();
    return answer(response, 201, shown({ ...call, status: "queued" }));
  }

  #made(form: URLSearchParams): Call {
    const at = (name: string): string => form.get(name) ?? "";
    const [to, said] = [at("To"), at("Twiml")];
    const sid = `CA${randomBytes(16).toString("hex")}`;
    const call: Call = { sid, to, from: at("From"), made: new Date(), status: "in-progress" };
    this.#calls.push(call);
    this.called.push(to);
    this.said.push(said);
    const action = twiml.exec(said)?.groups?.["action"] ?? "";
    const manner = manners[to.slice(-2)];
    if (manner === undefined) void this.#tell(call, action, to.slice(-1));
    else if (manner === "silent") void this.#tell(call, action, "");
    else call.status = manner;
    return call;
  }

  /** Twilio tells the address in the TwiML, twice where it is not answered in time, and goes on with the TwiML that it gets. */
  async #tell(call: Call, action: string, digits: string): Promise<void> {
    const form = {
      CallSid: call.sid,
      AccountSid: this.account,
      From: call.from,
      To: call.to,
      CallStatus: "in-progress",
      ApiVersion: "2010-04-01",
      Direction: "outbound-api",
      Digits: digits,
      FinishedOnKey: "",
      msg: "Gather End",
    };
    const signed = Object.entries(form)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => name + value)
      .join("");
    const signature = createHmac("sha1", this.token)
      .update(action + signed)
      .digest("base64");
    for (let time = 1; time <= 2; time++) {
      const said = await fetch(action, {
        method: "POST",
        headers: { "x-twilio-signature": signature },
        body: new URLSearchParams(form),
      }).catch(() => undefined);
      const sound =
        said?.status === 200 && said.headers.get("content-type")?.startsWith("text/xml") === true;
      if (sound && !(await said.text()).startsWith("<Response"))
        throw new Error("Twilio reads no TwiML there");
    }
    call.status = "completed";
  }
}

type Fault = readonly [code: number, message: string];

function faultOf(form: URLSearchParams): Fault | undefined {
  const strange = [...form.keys()].find((name) => !parameters.has(name));
  if (strange !== undefined) return [20_001, `Invalid parameter ${strange}`];
  const to = form.get("To") ?? "";
  if (!/^\+[1-9]\d{6,14}$/.test(to) || to.endsWith("99"))
    return [21_211, `Invalid 'To' Phone Number: ${to}`];
  if (form.get("From") !== "+81312345678") return [21_210, "'From' phone number not verified"];
  if (!/^[1-9]\d{0,2}$/.test(form.get("Timeout") ?? "")) return [20_001, "Invalid Timeout"];
  const said = form.get("Twiml") ?? "";
  if (said.length > 4_000 || !twiml.test(said)) return [12_100, "Document parse failure"];
  return undefined;
}

function shown({ sid, to, from, made, status }: Call): object {
  return { sid, to, from, status, date_created: made.toUTCString(), direction: "outbound-api" };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, [code, message]: Fault): void {
  const more = `https://www.twilio.com/docs/errors/${code}`;
  answer(response, status, { code, message, more_info: more, status });
}
