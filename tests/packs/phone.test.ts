/** Calls between real SIP phones (baresip), with keys that are really pressed; and through Asterisk's manager interface, as documented. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { phoneContract } from "../contracts/phone.ts";
import { startAmiFake, type AmiFake } from "../support/ami-fake.ts";
import { startCallee, startCaller, type SipPhone } from "../support/baresip.ts";
import { freePort } from "../support/haproxy.ts";
import { startKeyDoor, type KeyDoor } from "../support/key-door.ts";
import { needs } from "../support/needs.ts";
import { shippedPackActions, type ShippedPacks } from "../support/shipped-packs.ts";
import { startTwilioFake, type TwilioFake } from "../support/twilio-fake.ts";

describe.skipIf(!needs("baresip") || !needs("espeak-ng"))("E5: phone, baresip", () => {
  let caller: SipPhone;
  let packs: ShippedPacks;
  const callees: SipPhone[] = [];
  beforeAll(async () => {
    caller = await startCaller();
    packs = await shippedPackActions({ phone: { host: "127.0.0.1", port: caller.port } });
  }, 120_000);
  afterAll(async () => {
    await packs.close();
    await Promise.all([caller, ...callees].map((phone) => phone.stop()));
  });

  test("its files are sound, but for the runner of workflows, which is the engine's", () => {
    expect(
      packs.problems
        .filter(({ file }) => file?.includes("packs/phone/"))
        .map(({ message }) => message),
    ).toEqual(['there is no runner "orquesta"']);
  });

  phoneContract(() => ({
    packs,
    callee: async (manner) => {
      if (manner === "gone") return `sip:nobody@127.0.0.1:${await freePort()}`;
      const phone = await startCallee(manner, manner === "silent" ? null : manner);
      callees.push(phone);
      return phone.address;
    },
  }));

  test.each([
    ["abc", 'phone: "abc" is no number and no SIP address'],
    [
      "03-1234-5678",
      "phone: dial is missing in <configs>/phone.yaml; it says how 0312345678 is called: sip:{number}@pbx.example.jp",
    ],
    ["sip:a@b c", 'phone: "sip:a@b c" is no number and no SIP address'],
  ])("%s is refused in words", async (to, error) => {
    expect(await packs.run("phone.call", { to, text: "x" })).toMatchObject({
      status: "failed",
      result: { error },
    });
  });

  test("a phone that is not there", async () => {
    const none = await shippedPackActions({ phone: { port: await freePort() } });
    expect(await none.run("phone.call", { to: "sip:a@127.0.0.1", text: "x" })).toMatchObject({
      status: "failed",
      result: { error: expect.stringContaining("cannot be reached") },
    });
    await none.close();
  });
});

describe.skipIf(!needs("espeak-ng"))("E5: phone, Asterisk's manager interface", () => {
  let ami: AmiFake;
  let packs: ShippedPacks;
  const sounds = mkdtempSync(join(tmpdir(), "raicho-sounds-"));
  const config = () => ({
    driver: "asterisk",
    port: ami.port,
    user: ami.user,
    password: ami.password,
    dial: "PJSIP/{number}@fake",
    sounds,
  });
  beforeAll(async () => {
    ami = await startAmiFake();
    packs = await shippedPackActions({ phone: config() });
  });
  afterAll(async () => {
    await packs.close();
    await ami.stop();
    rmSync(sounds, { recursive: true, force: true });
  });
  const refused = async (more: object, to = "0312345678"): Promise<unknown> => {
    const other = await shippedPackActions({ phone: { ...config(), ...more } });
    const { status, result } = await other.run("phone.call", { to, text: "x" });
    await other.close();
    expect(status).toBe("failed");
    return result;
  };

  phoneContract(() => ({
    packs,
    callee: (manner) => Promise.resolve(`PJSIP/${manner === "2" ? "key2" : manner}@fake`),
  }));

  test("a number is dialled as it is said, and the spoken text is removed behind it", async () => {
    await packs.run("phone.call", { to: "03-1234-5678", text: "x", answer_s: 1 });
    expect(ami.dialled).toContain("PJSIP/0312345678@fake");
    expect(readdirSync(sounds)).toEqual([]);
  });

  test("what is wrong is said in words", async () => {
    expect(await refused({ password: "x" })).toMatchObject({
      error: expect.stringContaining('Asterisk does not let "raicho" in: Authentication failed'),
    });
    expect(await refused({ sounds: "" })).toMatchObject({
      error: expect.stringContaining("sounds is missing"),
    });
    expect(await refused({ port: await freePort() })).toMatchObject({
      error: expect.stringContaining("cannot be reached"),
    });
    expect(await refused({}, "sip:a@b")).toMatchObject({
      error: expect.stringContaining("no channel of Asterisk"),
    });
    expect(await refused({ dial: "SIP/x" })).toMatchObject({
      error: expect.stringContaining("PJSIP/{number}@provider"),
    });
  }, 180_000);
});

describe("E5: phone, Twilio", () => {
  let twilio: TwilioFake;
  let door: KeyDoor;
  let packs: ShippedPacks;
  const config = () => ({
    driver: "twilio",
    api: twilio.url,
    user: twilio.account,
    password: twilio.token,
    caller: "+81312345678",
    answers: door.answers,
    dial: "+81{number}",
  });
  const open = async (more = {}): Promise<ShippedPacks> => {
    const opened = await shippedPackActions({ phone: { ...config(), ...more } });
    const { environment } = door;
    return { ...opened, run: (ref, given) => opened.run(ref, given, { environment }) };
  };
  beforeAll(async () => {
    [twilio, door] = await Promise.all([startTwilioFake(), startKeyDoor()]);
    packs = await open();
  });
  afterAll(async () => {
    await packs.close();
    await Promise.all([twilio.stop(), door.stop()]);
  });
  const numbers = {
    "2": "+815012340012",
    busy: "+815012340001",
    away: "+815012340002",
    silent: "+815012340004",
    gone: "+815012340099",
  } as const;

  phoneContract(() => ({ packs, callee: (manner) => Promise.resolve(numbers[manner]) }));

  const call = (to: string) => packs.run("phone.call", { to, text: '障害 <&> "web01"' });

  test("a number is dialled as it is said, the text is spoken as it is, and the line is free at once", async () => {
    await call("050-1234-0015");
    expect(twilio.called.at(-1)).toBe("+815012340015");
    expect(twilio.said.at(-1)).toContain(
      '<Say language="ja-JP" loop="3">障害 &lt;&amp;&gt; &quot;web01&quot;</Say>',
    );
    expect(twilio.hungUp.at(-1)).toBe("+815012340015");
  });

  test("too many calls: it waits as it is asked to, and calls once", async () => {
    twilio.weather.push("busy");
    expect(await call("+815012340025")).toMatchObject({ result: { outcome: "key", key: "5" } });
    expect(twilio.called.filter((to) => to === "+815012340025")).toHaveLength(1);
  });

  test("a lost answer: the call is found, and nobody is called twice", async () => {
    twilio.weather.push("lost-answer");
    expect(await call("+815012340035")).toMatchObject({ result: { outcome: "key", key: "5" } });
    expect(twilio.called.filter((to) => to === "+815012340035")).toHaveLength(1);
  });

  test("a lost request: nobody was called, which is said", async () => {
    twilio.weather.push("lost-request");
    expect(await call("+815012340045")).toMatchObject({
      status: "succeeded",
      result: { outcome: "failed", reason: expect.stringContaining("knows of no such call") },
    });
    expect(twilio.called).not.toContain("+815012340045");
  });

  test.each<[string, object, string]>([
    ["no address for answers", { answers: "" }, "answers is missing"],
    ["another token", { password: "x" }, "Authenticate (20003)"],
    ["a number that is not ours", { caller: "+81300000000" }, "'From' phone number not verified"],
  ])(
    "%s is said in words",
    async (_what, more, words) => {
      const other = await open(more);
      const { status, result } = await other.run("phone.call", { to: numbers["2"], text: "x" });
      await other.close();
      expect({ status, result }).toMatchObject({
        status: "failed",
        result: { error: expect.stringContaining(words) },
      });
    },
    120_000,
  );

  test("nobody is called who could not be heard", async () => {
    const before = twilio.called.length;
    door.refuse(true);
    const { result } = await call("+815012340055");
    door.refuse(false);
    expect(result).toMatchObject({ error: expect.stringContaining("key_value_pair_view") });
    expect(twilio.called).toHaveLength(before);
  });
});
