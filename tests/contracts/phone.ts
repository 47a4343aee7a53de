/** What every driver of phones does the same. */
import { expect, test } from "vitest";
import type { ShippedPacks } from "../support/shipped-packs.ts";

/** What the called one does: presses that key, presses nothing, declines, does not take off, is not there. */
export type Manner = "2" | "silent" | "busy" | "away" | "gone";

export interface PhoneUnderTest {
  readonly packs: ShippedPacks;
  /** Somebody who behaves like that; gives the address. */
  readonly callee: (manner: Manner) => Promise<string>;
}

export function phoneContract(under: () => PhoneUnderTest): void {
  const call = async (manner: Manner, more = {}) => {
    const { packs, callee } = under();
    const to = await callee(manner);
    const text = "障害です。引き受ける場合は一を押してください。";
    const parameters = { to, text, ring_s: 20, answer_s: 20, ...more };
    return { to, ...(await packs.run("phone.call", parameters)) };
  };

  test("a key that is pressed comes back", async () => {
    const { to, status, result } = await call("2");
    expect({ status, result }).toMatchObject({
      status: "succeeded",
      result: { to, outcome: "key", key: "2", answered: true },
    });
  });

  test("taken off, and no key", async () => {
    expect(await call("silent", { answer_s: 2 })).toMatchObject({
      status: "succeeded",
      result: { outcome: "no-key", key: "", answered: true },
    });
  });

  test("declined", async () => {
    expect(await call("busy")).toMatchObject({
      status: "succeeded",
      result: { outcome: "declined", key: "", answered: false },
    });
  });

  test("it rings, and nobody takes off", async () => {
    expect(await call("away", { ring_s: 2 })).toMatchObject({
      status: "succeeded",
      result: { outcome: "no-answer", key: "", answered: false },
    });
  });

  test("nobody there", async () => {
    const { status, result } = await call("gone", { ring_s: 3 });
    expect(status).toBe("succeeded");
    expect(result).toMatchObject({ key: "", answered: false });
  });
}
