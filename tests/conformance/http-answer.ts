/** One answer of ours beside the recorded one: status, the headers that clients read, what is said, the shape of the body. */
import { isObject } from "../../src/model/json.ts";
import { differencesIn } from "./http-bodies.ts";

export interface RecordedAnswer {
  readonly status?: number | string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** How texts are read before they are compared. */
export interface Reading {
  /** What we say, with our directories by the names that they have in the recording. */
  ours(text: string): string;
  /** What was recorded, with our ids. */
  theirs(text: string): string;
}

function mediaType(text: string | null | undefined): string {
  return (text ?? "").split(";")[0] ?? "";
}

function headersDiffer(
  { headers: recorded = {} }: RecordedAnswer,
  { headers }: Answer,
): readonly string[] {
  const { "content-type": type, "x-limit": limit, "x-total-count": total } = recorded;
  const found: string[] = [];
  if (type !== undefined && mediaType(type) !== mediaType(headers.get("content-type")))
    found.push(`content type ${headers.get("content-type")}`);
  if ((limit ?? null) !== headers.get("x-limit")) found.push(`X-Limit ${headers.get("x-limit")}`);
  if ((total === undefined) !== (headers.get("x-total-count") === null))
    found.push(`X-Total-Count ${headers.get("x-total-count")}`);
  return found;
}

function bodyDiffers(
  recorded: unknown,
  { status, body }: Answer,
  read: Reading,
): readonly string[] {
  if (isObject(recorded) && typeof recorded["faultstring"] === "string") {
    const said = isObject(body) ? read.ours(String(body["faultstring"])) : undefined;
    return said === read.theirs(recorded["faultstring"]) ? [] : [`says ${JSON.stringify(said)}`];
  }
  if (recorded === null || recorded === undefined || status >= 400) return [];
  return differencesIn(recorded, body, "body");
}

/** What differs, each in a few words; empty when nothing does. */
export function answerDiffers(
  recorded: RecordedAnswer,
  answer: Answer,
  read: Reading,
): readonly string[] {
  const status = answer.status === recorded.status ? [] : [`status ${answer.status}`];
  return [
    ...status,
    ...headersDiffer(recorded, answer),
    ...bodyDiffers(recorded.body, answer, read),
  ];
}

/** The answer with its body read as JSON where it is some. */
export async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const text = await response.text();
  const isText = mediaType(headers.get("content-type")) === "text/plain";
  if (text === "") return { status, headers, body: isText ? "" : undefined };
  try {
    return { status, headers, body: JSON.parse(text) as unknown };
  } catch {
    return { status, headers, body: text };
  }
}
