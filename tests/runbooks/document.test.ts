import { describe, expect, test } from "vitest";
import { documentOf, sound } from "./documents.ts";

describe("a document", () => {
  test("is read with its parts, items, actions and commands", () => {
    const { document, faults } = documentOf(sound);
    expect(faults).toEqual([]);
    expect(document).toMatchObject({
      path: "dns/add.md",
      title: "Add a record",
      owner: "yamada",
      reviewedAt: "2026-11-01",
      approvals: [
        { role: "domain-approver", ask: "domain-approver", when: "before" },
        { role: "web", ask: "Seen <$ fields.fqdn $>?", when: "after" },
      ],
      todo: [
        { text: "Ask what is wanted", line: 13, column: 7, action: undefined },
        { text: "Register <$ fields.fqdn $>", action: { ref: "dns.add", name: "dns" } },
      ],
      checks: [
        { command: "uptime", hosts: ["web01", "web02"], timeoutSeconds: 5 },
        { command: "dig <$ fields.fqdn $>", line: 29, column: 1 },
      ],
    });
    expect(document.sections.procedure).toBe("Do it. {{ not.ours }} <% nor.this %>");
  });

  test("headings are read in both languages and widths", () => {
    const other = sound
      .replace("## TODO", "## ＴＯＤＯ")
      .replace("## 手順書", "## Procedure")
      .replace("## 確認コマンド", "## Check commands")
      .replace("## Special notes", "## 特殊仕様 ##");
    expect(documentOf(other).faults).toEqual([]);
  });

  test("a file of Windows is read like any other", () => {
    expect(documentOf(`\uFEFF${sound.replaceAll("\n", "\r\n")}`).faults).toEqual([]);
  });

  test.each([
    [
      "a section is missing",
      sound.replace("## 手順書", "### 手順書"),
      'the section "手順書" is missing',
      1,
    ],
    [
      "a heading is unknown",
      sound.replace("## 手順書", "## 手順所"),
      "is none of the headings",
      20,
    ],
    ["a heading is there twice", `${sound}\n## TODO\n- x\n`, 'there is a second "TODO"', 36],
    ["no front matter", sound.replace(/^---[\s\S]*?---\n/, ""), "has no front matter", 1],
    [
      "an open front matter",
      sound.replace("---\n\n# Add", "\n# Add"),
      "the front matter does not end",
      1,
    ],
    ["no owner", sound.replace("owner: yamada", "owner:"), "has no owner", 2],
    ["an unknown key", sound.replace("owner:", "onwer:"), 'unknown key "onwer"', 2],
    ["no day of review", sound.replace("2026-11-01", "soon"), "last reviewed", 3],
    [
      "front matter that is a list",
      sound.replace(/^---[\s\S]*?---\n/, "---\n- a\n---\n"),
      "is no mapping",
      1,
    ],
    [
      "approvals that are no list",
      sound.replace(/approvals:[\s\S]*?---\n/, "approvals: yes\n---\n"),
      "approvals is no list",
      4,
    ],
    [
      "an approval without a role",
      sound.replace("  - domain-approver", "  - { ask: hm }"),
      "an approval is not written",
      4,
    ],
    [
      "an approval of another time",
      sound.replace("when: after", "when: later"),
      "an approval is not written",
      4,
    ],
    ["a long timeout", sound.replace("timeout=5", "timeout=9999"), "timeout=9999", 26],
    ["an unknown option", sound.replace("timeout=5", "timout=5"), 'unknown option "timout"', 26],
    [
      "an empty block",
      sound.replace("uptime\n# a remark\ndig <$ fields.fqdn $>", ""),
      "holds no command",
      26,
    ],
    [
      "an open block",
      sound.replace("<$ fields.fqdn $>\n```", "<$ fields.fqdn $>"),
      "the block is not closed",
      26,
    ],
    ["an action without a name", sound.replace("action dns.add", "action dns"), "which action", 16],
    [
      "an action with an odd option",
      sound.replace("name=dns", "nome=dns"),
      'unknown option "nome"',
      16,
    ],
    [
      "an action before any item",
      sound.replace("- [ ] Ask what is wanted\n1. Register <$ fields.fqdn $>", ""),
      "belongs to no TODO item",
      15,
    ],
    [
      "commands of a shell",
      sound.replace("```check host=web01,web02 timeout=5", "```bash"),
      "nothing in it is run",
      26,
    ],
    ["a misspelt block", sound.replace("```check", "```chekc"), "nothing in it is run", 26],
    ["a misspelt action", sound.replace("```action", "```acton"), "nothing in it is run", 16],
    ["a day that does not exist", sound.replace("2026-11-01", "2026-02-30"), "last reviewed", 3],
    ["nothing to do", sound.replace(/- \[ \] Ask[\s\S]*?(?=## 手順書)/, ""), "nothing to do", 11],
  ])("%s", (_name, text, message, line) => {
    const { faults } = documentOf(text);
    expect(faults.map((fault) => [fault.message, fault.line])).toContainEqual([
      expect.stringContaining(message),
      line,
    ]);
  });
});
