/** A call through Twilio with the whole program: what Twilio signs and tells the webhook reaches the call that waits for it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/haproxy.ts";
import { runAction } from "../support/main-job-site.ts";
import { type Raicho, startRaicho } from "../support/raicho.ts";
import { startTwilioFake, type TwilioFake } from "../support/twilio-fake.ts";
import { external, type Ground } from "./ground.ts";

async function called(raicho: Raicho, to: string): Promise<unknown> {
  return (await runAction(raicho, "phone.call", { to, text: "障害です。" })).result;
}

describe("a phone at Twilio", () => {
  let under: Ground;
  let twilio: TwilioFake;
  let raicho: Raicho;
  beforeAll(async () => {
    const [ground, fake, port] = await Promise.all([external(), startTwilioFake(), freePort()]);
    [under, twilio] = [ground, fake];
    const answers = `http://127.0.0.1:${port}/v1/webhooks/phone/twilio`;
    raicho = await startRaicho({
      env: { ...under.env, RAICHO_PORT: String(port) },
      configs: {
        phone: {
          driver: "twilio",
          api: twilio.url,
          user: twilio.account,
          password: twilio.token,
          caller: "+81312345678",
          answers,
        },
      },
    });
    const put = async (path: string, body: object): Promise<void> => {
      const { status } = await raicho.ask(path, { method: "PUT", body });
      if (status !== 200) throw new Error(`PUT ${path}: ${status}`);
    };
    await put("/v1/keys/twilio_token", {
      name: "twilio_token",
      value: twilio.token,
      secret: true,
    });
    await put("/api/v2/webhooks/phone/twilio", {
      scheme: "twilio",
      secret_key: "twilio_token",
      address: answers,
      answer: { type: "text/xml", body: "<Response/>" },
    });
  }, 240_000);
  afterAll(async () => {
    await raicho.stop();
    await twilio.stop();
    await under[Symbol.asyncDispose]();
  }, 60_000);

  test("E5: the key that is pressed comes back through the signed webhook, and silence, too; each is called once", async () => {
    expect(await called(raicho, "+815012340012")).toMatchObject({ outcome: "key", key: "2" });
    expect(await called(raicho, "+815012340004")).toMatchObject({
      outcome: "no-key",
      answered: true,
    });
    expect(twilio.called).toEqual(["+815012340012", "+815012340004"]);
  }, 240_000);

  test("what nobody signed is not let in", async () => {
    const { status } = await raicho.ask("/v1/webhooks/phone/twilio", {
      method: "POST",
      body: { CallSid: "CA0", Digits: "1" },
    });
    expect(status).toBe(401);
  }, 60_000);
});
