import { expect, test } from "vitest";
import { columnsTable, detailTable } from "../../src/cli/table.ts";
import { clip, displayWidth, harmless, harmlessButColours, wrap } from "../../src/cli/width.ts";

test.each([
  ["abc", 3],
  ["監視", 4],
  ["ﾃｽﾄ", 3],
  ["ＡＢ", 4],
  ["がぎ", 4],
  ["か\u3099", 2],
  ["한글", 4],
  ["é", 1],
  ["e\u0301", 1],
  ["👍", 2],
  ["👨‍👩‍👧", 2],
  ["❤️", 2],
  ["①", 1],
  ["𠮷", 2],
  ["a\u200Bb", 2],
])("%s takes as many columns as a terminal gives it", (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test("cuts and wraps never split a wide character", () => {
  expect(clip("監視サーバー", 5)).toBe("監視…");
  expect(displayWidth(clip("監視サーバー", 6))).toBeLessThanOrEqual(6);
  expect(wrap("監視サーバー", 5)).toEqual(["監視", "サー", "バー"]);
});

const escape = String.fromCodePoint(0x1b);

test("nothing that a terminal would act on is shown", () => {
  expect(harmless(`a${escape}[2Jb\u009B31m\u202Ec\td\n`)).toBe("a\\x1b[2Jb\\x9b31m\\u202ec\td\n");
  expect(harmlessButColours(`${escape}[31mred${escape}[0m${escape}]0;title\u0007`)).toBe(
    `${escape}[31mred${escape}[0m\\x1b]0;title\\x07`,
  );
});

test("columns stand under each other whatever the script", () => {
  const limits = { screen: undefined, bold: false };
  const text = columnsTable(
    ["ref", "description"],
    [
      ["core.監視", "x"],
      ["core.local", "y"],
    ],
    limits,
  );
  expect(text).toBe("REF         DESCRIPTION\ncore.監視   x\ncore.local  y\n");
});

test("a narrow screen cuts the widest column, and never an id", () => {
  const limits = { screen: 50, bold: false };
  const id = "0123456789abcdef01234567";
  const text = columnsTable(["id", "text"], [[id, "長い説明".repeat(10)]], limits);
  const [, row = ""] = text.split("\n");
  expect(row.startsWith(id)).toBe(true);
  expect(displayWidth(row)).toBeLessThanOrEqual(50);
});

test("one thing is shown with its names aligned", () => {
  const pairs = [
    ["id", "1"],
    ["result", "a\nb"],
  ] as const;
  expect(detailTable(pairs, { screen: undefined, bold: false })).toBe(
    "id:     1\nresult: a\n        b\n",
  );
});
