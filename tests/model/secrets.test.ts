import { describe, expect, test } from "vitest";
import { maskedIn, maskerOf, secretsIn } from "../../src/model/secrets.ts";

const mask = "********";

describe("secrets by their place", () => {
  const schemas = {
    password: { type: "string", secret: true },
    login: {
      type: "object",
      properties: { user: { type: "string" }, pin: { type: "integer", secret: true } },
      patternProperties: { "^key_": { secret: true } },
    },
    hosts: { type: "array", items: { properties: { token: { secret: true } } } },
    all: { type: "object", secret: true },
  };
  const values = {
    password: "p4ssword",
    login: { user: "jane", pin: 48_213, key_a: "alpha" },
    hosts: [{ name: "a", token: "t-one" }, { token: "t-two" }],
    all: { deep: [{ er: "inside" }], flag: true },
    other: "open",
  };

  test("are found at any depth", () => {
    expect(secretsIn(schemas, values)).toEqual([
      "p4ssword",
      "48213",
      "alpha",
      "t-one",
      "t-two",
      "inside",
    ]);
  });

  test("are masked at any depth", () => {
    expect(maskedIn(schemas, values)).toEqual({
      password: mask,
      login: { user: "jane", pin: mask, key_a: mask },
      hosts: [{ name: "a", token: mask }, { token: mask }],
      all: mask,
      other: "open",
    });
  });
});

describe("secrets by their text", () => {
  test("are masked in texts, keys and numbers, and nothing is copied when there are none", () => {
    const masker = maskerOf(["hunter22", "48213"]);
    expect(masker?.value({ a: ["x hunter22 y"], hunter22: 48_213, n: 4 })).toEqual({
      a: [`x ${mask} y`],
      [mask]: mask,
      n: 4,
    });
    const clean = { a: ["nothing"], b: { c: 1 } };
    expect(masker?.value(clean)).toBe(clean);
  });

  test.each([
    ["as it is", 'a"b c/d', 'x a"b c/d y'],
    ["inside JSON", 'a"b c/d', String.raw`{"x":"a\"b c/d"}`],
    ["inside a URL", 'a"b c/d', "https://example.com/?q=a%22b%20c%2Fd&x"],
    ["a line of a key", "-----BEGIN KEY-----\nMIIEvQIBADANBgkq", "said MIIEvQIBADANBgkq"],
    ["with signs of patterns", "a.*(b", "x a.*(b"],
  ])("are known %s", (_, secret, text) => {
    expect(maskerOf([secret])?.text(text)).toContain(mask);
    expect(maskerOf([secret])?.text(text)).not.toContain(secret);
  });

  test("shorter ones than four characters are left alone", () => {
    expect(maskerOf(["abc", ""])).toBeUndefined();
  });

  test("however a text is cut into pieces, the masked stream says what the masked text says", () => {
    const secrets = ["abcd", "abcdefgh", "cdxx", "hunter22", "aaab", "line one\nline two"];
    const masker = maskerOf(secrets);
    const text =
      "xabcdefghx abcdef cdxxabcdxx hunterhunter22 aaaab aaaaaab line one\nline two abcdefg hunter2";
    const whole = masker?.text(text);
    for (let seed = 1; seed < 400; seed += 1) {
      const stream = masker?.stream();
      let said = "";
      let state = seed;
      for (let at = 0; at < text.length;) {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        const size = 1 + (state % 7);
        said += stream?.add(text.slice(at, at + size)) ?? "";
        at += size;
      }
      expect(said + (stream?.end() ?? "")).toBe(whole);
    }
  });

  test("text that cannot begin a secret is not held back", () => {
    expect(maskerOf(["hunter22"])?.stream().add("ready\n")).toBe("ready\n");
  });
});
