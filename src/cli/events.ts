/** Server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html says they are written. */
import { CliError, exitCodes } from "./cli.ts";

export interface StreamEvent {
  readonly name: string;
  readonly data: string;
  readonly id: string | undefined;
}

function parseBlock(block: string): StreamEvent | undefined {
  let name = "message";
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
    else if (field === "id") id = value;
  }
  return data.length === 0 ? undefined : { name, data: data.join("\n"), id };
}

/** Each event, as soon as it is complete. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let held = "";
  try {
    for await (const chunk of body) {
      held = (held + decoder.decode(chunk, { stream: true })).replaceAll("\r\n", "\n");
      const blocks = held.split("\n\n");
      held = blocks.pop() ?? "";
      yield* blocks.flatMap((block) => parseBlock(block) ?? []);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (error instanceof Error && error.name === "AbortError")
      throw new CliError(exitCodes.interrupted, "interrupted");
    throw new CliError(exitCodes.unreachable, "the stream broke off");
  }
}
