import { describe, expect, test } from "vitest";
import {
  judgeCommand,
  quotedTemplate,
  readOnlyCommands,
  shellQuote,
  withoutTemplates,
} from "../../src/runbooks/command.ts";

describe("commands that only look", () => {
  test.each([
    "uptime",
    "systemctl status nginx",
    "cat /etc/hosts | grep web01 | wc -l",
    "getent hosts web01 || echo 'not registered; $HOME'",
    "dig example.jp A >/dev/null 2>&1 && echo ok",
    'grep "a b" /etc/hosts 2>/dev/null',
    "tail -n 5 /var/log/a\\ b.log",
    "ip addr show eth0",
    "date +%F",
    "ss -tlnp",
    "file -b /bin/ls",
  ])("%s runs", (line) => {
    expect(judgeCommand(line, readOnlyCommands)).toBeUndefined();
  });

  test.each([
    ["rm -rf /", 0, '"rm" is not among'],
    ["uptime; rm x", 8, '"rm" is not among'],
    ["systemctl restart nginx", 0, "not allowed; of systemctl only"],
    ["hostname evil", 0, "not allowed; of hostname only"],
    ["cat /etc/hosts > /tmp/x", 15, "writes to no file"],
    ["cat < /etc/shadow", 4, "reads no file"],
    ["echo $(id)", 5, "variables and commands"],
    ['echo "$(id)"', 6, "inside double quotes"],
    ["echo `id`", 5, "a command inside a command"],
    ["uptime & rm x", 7, "background"],
    ["(uptime)", 0, "sub-shells"],
    ["echo 'open", 5, "not closed"],
    ["   ", 0, "no command"],
    ["ss -K dst 192.0.2.1", 0, "ss -K does more than look"],
    ["uptime; ss -tK", 8, "ss -tK does more than look"],
    ["file -C -m magic", 0, "file -C does more than look"],
    ["named-checkzone -o out example.jp zone", 0, "named-checkzone -o does more than look"],
  ])("%s does not: offset %i, %s", (line, offset, message) => {
    expect(judgeCommand(line, readOnlyCommands)).toMatchObject({
      offset,
      message: {
        en: expect.stringContaining(message) as string,
        ja: expect.stringMatching(/[ぁ-ん]/) as string,
      },
    });
  });

  test("a site allows more", () => {
    expect(
      judgeCommand("mytool show web01", [...readOnlyCommands, "mytool show **"]),
    ).toBeUndefined();
    expect(judgeCommand("mytool drop web01", ["mytool show **"])).toBeDefined();
    expect(judgeCommand("ss -K", [...readOnlyCommands, "ss -K **"])).toBeUndefined();
    expect(judgeCommand("ls-a-z", ["ls*a*z"])).toBeUndefined();
    expect(judgeCommand("ls-b-z", ["ls*a*z"])).toBeDefined();
  });

  test("expressions are judged as one word", () => {
    const command = "dig <$ fields.name & '; rm' $> A";
    expect(withoutTemplates(command)).toHaveLength(command.length);
    expect(judgeCommand(withoutTemplates(command), readOnlyCommands)).toBeUndefined();
    expect(quotedTemplate(command)).toBeUndefined();
    expect(quotedTemplate("dig 'a' \"<$ x $>\"")).toBe(9);
  });

  test("values are one word of the shell", () => {
    expect(shellQuote("web01.example.jp")).toBe("web01.example.jp");
    expect(shellQuote("it's; rm")).toBe(`'it'\\''s; rm'`);
    expect(shellQuote("")).toBe("''");
  });
});
