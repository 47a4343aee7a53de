/** TODO items with the actions they stand for, and blocks of check commands. */
import type { CheckCommand, TodoAction, TodoItem } from "./document.ts";
import { type DocumentFault, fault } from "./fault.ts";
import { readInfo } from "./info.ts";
import type { Fence, Heading } from "./markdown.ts";

const defaultTimeout = 30;
const longestTimeout = 600;

const itemLine = /^(\s*)(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?(.*?)\s*$/;

export function todoOf(
  { text, textLine, fences }: Heading,
  faults: DocumentFault[],
): readonly TodoItem[] {
  const items: { -readonly [Key in keyof TodoItem]: TodoItem[Key] }[] = [];
  const inside = (line: number): boolean =>
    fences.some((one) => line >= one.line && line <= one.textLine + one.text.split("\n").length);
  for (const [offset, line] of text.split("\n").entries()) {
    const found = itemLine.exec(line);
    if (found === null || inside(textLine + offset)) continue;
    const [, , words = ""] = found;
    items.push({
      text: words,
      line: textLine + offset,
      column: line.indexOf(words) + 1,
      action: undefined,
    });
  }
  for (const fence of fences) {
    if (!/^action\b/.test(fence.info)) {
      if (/^(?:act|atc|aci)/i.test(fence.info)) faults.push(notRun(fence, "```action pack.action"));
      continue;
    }
    const item = items.findLast(({ line }) => line < fence.line);
    const action = actionOf(fence, faults);
    if (item === undefined)
      faults.push(fault(fence, "the action belongs to no TODO item", "an item before the block"));
    else item.action = action;
  }
  if (items.length === 0)
    faults.push(fault({ line: textLine - 1, column: 1 }, "there is nothing to do", "- [ ] …"));
  return items;
}

function actionOf(fence: Fence, faults: DocumentFault[]): TodoAction | undefined {
  const { words, options } = readInfo(fence.info);
  const ref = words[1];
  const expected = "```action pack.action name=… after=…";
  if (ref === undefined || !/^[\w-]+\.[\w.-]+$/.test(ref)) {
    faults.push(fault(fence, "it is not said which action", expected));
    return undefined;
  }
  for (const key of options.keys())
    if (key !== "name" && key !== "after")
      faults.push({
        ...fault(fence, `unknown option "${key}"`, expected),
        wrong: key,
        names: ["name", "after"],
      });
  const after = options.get("after");
  return {
    ref,
    input: fence.text,
    inputLine: fence.textLine,
    line: fence.line,
    column: fence.column,
    name: options.get("name"),
    after: after?.split(",").filter((name) => name !== ""),
  };
}

/** Words behind the backticks of blocks that are meant to be run: those of shells, and `check` or `action` misspelt. */
const meantToRun =
  /^(?:(?:ba|z)?sh|shell(?:-session)?|console|cmd|command|che.*|chc.*|cek.*|hec.*|確認.*|)$/i;

function notRun(fence: Fence, expected: string): DocumentFault {
  const message = `a block of "${fence.info}" is only shown: nothing in it is run`;
  return { ...fault(fence, message, expected), severity: "warning" };
}

/** The commands of all blocks of check commands. */
export function checksOf({ fences }: Heading, faults: DocumentFault[]): readonly CheckCommand[] {
  return fences.flatMap((fence) => {
    const [kind = ""] = readInfo(fence.info).words;
    if (kind === "check") return blockChecks(fence, faults);
    if (meantToRun.test(kind)) faults.push(notRun(fence, "```check"));
    return [];
  });
}

function blockChecks(fence: Fence, faults: DocumentFault[]): readonly CheckCommand[] {
  const { words, options } = readInfo(fence.info);
  const known = ["host", "timeout"];
  for (const key of [...options.keys(), ...words.slice(1)])
    if (!known.includes(key))
      faults.push({
        ...fault(fence, `unknown option "${key}"`, "host=… timeout=…"),
        wrong: key,
        names: known,
      });
  const written = options.get("timeout");
  const timeout = written === undefined ? defaultTimeout : Number(written);
  const right = Number.isInteger(timeout) && timeout >= 1 && timeout <= longestTimeout;
  if (!right)
    faults.push(fault(fence, `timeout=${written ?? ""}`, `seconds from 1 to ${longestTimeout}`));
  const hosts = (options.get("host") ?? "").split(",").filter((host) => host !== "");
  const commands = fence.text.split("\n").flatMap((line, offset) => {
    const command = line.trim();
    if (command === "" || command.startsWith("#")) return [];
    const place = { line: fence.textLine + offset, column: line.indexOf(command) + 1 };
    return [{ command, hosts, timeoutSeconds: right ? timeout : defaultTimeout, ...place }];
  });
  if (commands.length === 0) faults.push(fault(fence, "the block holds no command", "a command"));
  return commands;
}
