/** Recorded streams: the same executions, followed while they run. */
import { isObject } from "../../src/model/json.ts";
import { follow, type Following } from "../support/follow.ts";
import type { RecordedFile, ReplayOptions } from "./http.ts";
import type { Difference, Report } from "./workflow-cases.ts";

type Event = Following["events"][number];

const ended: ReadonlySet<unknown> = new Set(["succeeded", "failed", "canceled"]);

function isEnd({ name, data }: Event): boolean {
  return name === "st2.liveaction__update" && ended.has(data["status"]);
}

/** Follows while an execution runs, to its end and the last of its output. */
async function followed(
  { url, headers }: ReplayOptions,
  run: unknown,
): Promise<{ readonly stream: Following; readonly status: number }> {
  const streamUrl = url.replace(/\/v1$/, "/stream/v1/stream");
  const stream = await follow(`${streamUrl}?events=${all.join(",")}`, { ...headers });
  const response = await fetch(`${url}/executions`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(run),
  });
  const answer = (await response.json()) as { readonly id: string };
  await stream.until(
    ({ name, data }) =>
      name === "st2.execution__update" && data["id"] === answer.id && ended.has(data["status"]),
  );
  await stream.until(isEnd);
  await stream.until(({ name }) => name === outputEvent);
  return { stream, status: response.status };
}

/** Event by event as the recording tells them: name, status and fields, or what was printed. */
function told({ name, data }: Event): string {
  const fields = Object.keys(data).toSorted().join(" ");
  return name === outputEvent ? `${name} ${fields}` : `${name} ${String(data["status"])} ${fields}`;
}

function recordedAs([name, status, fields]: readonly unknown[]): string {
  return isObject(status)
    ? `${String(name)} ${Object.keys(status).toSorted().join(" ")}`
    : `${String(name)} ${String(status)} ${(fields as readonly string[]).join(" ")}`;
}

/** Lines that were printed at once may come in one event. */
function printed(stream: Following): string {
  return stream.events
    .filter(({ name }) => name === outputEvent)
    .map(({ data }) => String(data["data"]))
    .join("");
}

/** Each kind in its own order: between kinds it is a matter of luck. */
function byKind(lines: readonly string[]): readonly string[] {
  const once = lines.filter(
    (line, index) => !line.startsWith(outputEvent) || lines.indexOf(line) === index,
  );
  return once.toSorted((a, b) => (a.split(" ")[0] ?? "").localeCompare(b.split(" ")[0] ?? ""));
}

function differs(name: string, expected: unknown, actual: unknown): readonly Difference[] {
  return JSON.stringify(expected) === JSON.stringify(actual)
    ? []
    : [{ case: name, what: "events", expected, actual, reason: undefined }];
}

const kinds = ["st2.execution", "st2.liveaction"].flatMap((kind) => [
  `${kind}__create`,
  `${kind}__update`,
]);
const outputEvent = "st2.execution.output__create";
const all = [...kinds, outputEvent];

async function single(file: RecordedFile, options: ReplayOptions): Promise<readonly Difference[]> {
  const { local, run } = file["stream"] ?? {};
  const recorded = isObject(local) && Array.isArray(local["events"]) ? local["events"] : [];
  const lines = recorded.map((each: readonly unknown[]) => recordedAs(each));
  const { stream, status } = await followed(options, run?.req?.[2]);
  await stream.until(() => printed(stream) === "a\nb\n");
  stream.stop();
  const head = ["$headers", stream.status, stream.type];
  return [
    ...differs("stream/run", run?.status, status),
    ...differs("stream/local", isObject(local) ? local["first"] : undefined, head),
    ...differs("stream/local", byKind(lines), byKind(stream.events.map(told))),
  ];
}

async function workflow(
  file: RecordedFile,
  options: ReplayOptions,
): Promise<readonly Difference[]> {
  const { workflow: recorded, "run.wf": run } = file["stream"] ?? {};
  const names =
    isObject(recorded) && Array.isArray(recorded["names"]) ? recorded["names"].map(String) : [];
  const { stream, status } = await followed(options, run?.req?.[2]);
  stream.stop();
  const seen = ["$headers", ...new Set(stream.events.map(({ name }) => name))].toSorted((a, b) =>
    a < b ? -1 : 1,
  );
  return [
    ...differs("stream/run.wf", run?.status, status),
    ...differs(
      "stream/workflow",
      names.toSorted((a, b) => (a < b ? -1 : 1)),
      seen,
    ),
  ];
}

/** Asks what was recorded of streams; nothing where nothing was. */
export async function replayStreams(file: RecordedFile, options: ReplayOptions): Promise<Report> {
  if (file["stream"]?.["local"] === undefined) return { cases: 0, differences: [] };
  const differences = [...(await single(file, options)), ...(await workflow(file, options))];
  return { cases: 4, differences };
}
