/** Calls between real SIP phones (baresip), with keys that are really pressed. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCallee, startCaller, type Callee, type SipPhone } from "../support/baresip.ts";
import { freePort } from "../support/haproxy.ts";
import { needs } from "../support/needs.ts";
import { shippedPackActions, type ShippedPacks } from "../support/shipped-packs.ts";

describe.skipIf(!needs("baresip") || !needs("espeak-ng"))("E5: phone", () => {
  let caller: SipPhone;
  let packs: ShippedPacks;
  const callees: Callee[] = [];
  beforeAll(async () => {
    caller = await startCaller();
    packs = await shippedPackActions({ phone: { host: "127.0.0.1", port: caller.port } });
  }, 120_000);
  afterAll(async () => {
    await packs.close();
    await Promise.all([caller, ...callees].map((phone) => phone.stop()));
  });
  const call = (to: string, more = {}) =>
    packs.run("phone.call", {
      to,
      text: "障害です。引き受ける場合は一を押してください。",
      ring_s: 20,
      answer_s: 20,
      ...more,
    });
  const callee = async (...given: Parameters<typeof startCallee>): Promise<Callee> => {
    const phone = await startCallee(...given);
    callees.push(phone);
    return phone;
  };

  test("its files are sound, but for the runner of workflows, which is the engine's", () => {
    expect(
      packs.problems
        .filter(({ file }) => file?.includes("packs/phone/"))
        .map(({ message }) => message),
    ).toEqual(['there is no runner "orquesta"']);
  });

  test("a key that is pressed comes back", async () => {
    const { address } = await callee("yamada", "2");
    expect(await call(address)).toMatchObject({
      status: "succeeded",
      result: { to: address, outcome: "key", key: "2", answered: true },
    });
  });

  test("taken off, and no key", async () => {
    const { address } = await callee("suzuki", null);
    expect(await call(address, { answer_s: 2 })).toMatchObject({
      status: "succeeded",
      result: { outcome: "no-key", key: "", answered: true },
    });
  });

  test("declined", async () => {
    const { address } = await callee("sato", "busy");
    expect(await call(address)).toMatchObject({ result: { outcome: "declined", answered: false } });
  });

  test("nobody there", async () => {
    const { status, result } = await call(`sip:nobody@127.0.0.1:${await freePort()}`, {
      ring_s: 3,
    });
    expect(status).toBe("succeeded");
    expect(result).toMatchObject({ answered: false, key: "" });
  });

  test.each([
    ["abc", 'phone: "abc" is no number and no SIP address'],
    [
      "03-1234-5678",
      "phone: dial is missing in <configs>/phone.yaml; it says how 0312345678 is called: sip:{number}@pbx.example.jp",
    ],
    ["sip:a@b c", 'phone: "sip:a@b c" is no number and no SIP address'],
  ])("%s is refused in words", async (to, error) => {
    expect(await call(to)).toMatchObject({ status: "failed", result: { error } });
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
