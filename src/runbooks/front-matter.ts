/** Who keeps a document, when it was last reviewed, and who has to agree. */
import { isDay } from "../model/day.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Approval, RunbookDocument } from "./document.ts";
import { type DocumentFault, fault, top } from "./fault.ts";
import type { Markdown, Spot } from "./markdown.ts";

export function factsOf(
  { frontMatter, openFrontMatter }: Markdown,
  read: (text: string) => unknown,
  faults: DocumentFault[],
): Pick<RunbookDocument, "owner" | "reviewedAt" | "approvals"> {
  const none = { owner: undefined, reviewedAt: undefined, approvals: [] };
  if (openFrontMatter) faults.push(fault(top, "the front matter does not end", expected));
  else if (frontMatter === undefined)
    faults.push(fault(top, "the document has no front matter", expected));
  if (frontMatter === undefined) return none;
  const said = read(frontMatter);
  if (isObject(said)) return factsIn(said, frontMatter, faults);
  if (said !== undefined) faults.push(fault(top, "the front matter is no mapping", expected));
  return none;
}

const expected = "---, then owner and reviewed_at, then ---";
const known = ["owner", "reviewed_at", "approvals", "title"];

function factsIn(
  said: JsonObject,
  frontMatter: string,
  faults: DocumentFault[],
): ReturnType<typeof factsOf> {
  const at = (key: string): Spot => keyPlace(frontMatter, key);
  for (const key of Object.keys(said))
    if (!known.includes(key))
      faults.push({ ...fault(at(key), `unknown key "${key}"`), wrong: key, names: known });
  const { owner, reviewed_at: reviewed, approvals } = said;
  const named = typeof owner === "string" && owner !== "" ? owner : undefined;
  if (named === undefined)
    faults.push(fault(at("owner"), "the document has no owner", "owner: <login>"));
  const day = dayOf(reviewed);
  if (day === undefined)
    faults.push(
      fault(at("reviewed_at"), "it is not said when the document was last reviewed", "2026-10-01"),
    );
  return {
    owner: named,
    reviewedAt: day,
    approvals: approvalsOf(approvals, at("approvals"), faults),
  };
}

/** YAML 1.1 reads a bare date as a day; text is taken as well. */
function dayOf(value: unknown): string | undefined {
  const text = value instanceof Date ? value.toISOString() : value;
  const day = typeof text === "string" ? /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0] : undefined;
  return day !== undefined && isDay(day) ? day : undefined;
}

function keyPlace(frontMatter: string, key: string): Spot {
  const index = frontMatter.split("\n").findIndex((line) => line.startsWith(`${key}:`));
  return { line: index < 0 ? 1 : index + 2, column: 1 };
}

function approvalsOf(given: unknown, place: Spot, faults: DocumentFault[]): readonly Approval[] {
  if (given === undefined || given === null) return [];
  const shape = "a list of {role, ask, when: before or after}";
  if (!Array.isArray(given)) {
    faults.push(fault(place, "approvals is no list", shape));
    return [];
  }
  return given.flatMap((one: unknown): Approval[] => {
    const approval = approvalOf(one);
    if (approval !== undefined) return [approval];
    faults.push(fault(place, "an approval is not written as it should be", shape));
    return [];
  });
}

function approvalOf(one: unknown): Approval | undefined {
  if (typeof one === "string") return { role: one, ask: one, when: "before" };
  if (!isObject(one)) return undefined;
  const { role, ask = role, when = "before" } = one;
  if (typeof role !== "string" || typeof ask !== "string") return undefined;
  return when === "before" || when === "after" ? { role, ask, when } : undefined;
}
