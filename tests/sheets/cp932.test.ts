import { expect, test } from "vitest";
import { lackingInCp932, toCp932 } from "../../src/sheets/cp932.ts";
import { sheetWork } from "../../src/sheets/work.ts";

test("text is written in the codes of Windows", () => {
  const text = "ホスト名,備考\r\nweb1,①㈱";
  expect(toCp932(text).toString("hex")).toBe("837a8358836796bc2c94f58d6c0d0a776562312c8740878a");
  // Half-width, and characters for which there are several codes: that of Windows.
  expect(toCp932("ｱﾞ髙﨑∪￢").toString("hex")).toBe("b1defbfcfab181be81ca");
  // The wave dash of other systems is the full-width tilde of Windows.
  expect(toCp932("10〜20−").toString("hex")).toBe("313081603230817c");
});

test("every character that it has comes back as it was", () => {
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => character.isWellFormed() && lackingInCp932(character) === undefined,
  );
  expect(all.length).toBeGreaterThan(7000);
  const decoder = new TextDecoder("shift_jis");
  const changed = all.filter((character) => decoder.decode(toCp932(character)) !== character);
  expect(changed).toEqual(["\u2014", "\u2016", "\u2212", "\u301C"]);
});

test("what it lacks is named", () => {
  expect(lackingInCp932("東京")).toBeUndefined();
  expect(lackingInCp932("𠮷野家")).toBe("𠮷");
  expect(lackingInCp932("café")).toBe("é");
});

test("a table is written and read again", async () => {
  const rows = [
    ["ホスト名", "備考"],
    ["web1", '六本木〜, "①"'],
  ];
  const grids = [{ name: "x", rows, merged: [] }];
  const done = await sheetWork({ write: { format: "csv", grids, encoding: "cp932" } });
  const content = "content" in done ? done.content : "";
  const read = await sheetWork({ read: { name: "x.csv", content } });
  expect("grids" in read ? read.grids[0]?.rows : []).toEqual([rows[0], ["web1", '六本木～, "①"']]);
});
