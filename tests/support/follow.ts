/** Server-sent events, as a client follows them. */

interface StreamEvent {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: Record<string, unknown>;
}

export interface Following {
  readonly status: number;
  readonly type: string | null;
  /** Those that came so far. */
  readonly events: readonly StreamEvent[];
  /** Resolves with the first event (from the beginning) for which this holds; rejects when the stream ends before. */
  until(holds: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  /** Resolves with all events once the server closes the stream. */
  readonly ended: Promise<readonly StreamEvent[]>;
  stop(): void;
}

function eventOf(block: string): StreamEvent | undefined {
  const fields = new Map(
    block
      .split("\n")
      .filter((line) => line.includes(": "))
      .map((line): [string, string] => [
        line.slice(0, line.indexOf(": ")),
        line.slice(line.indexOf(": ") + 2),
      ]),
  );
  const name = fields.get("event");
  if (name === undefined) return undefined;
  const data = fields.get("data") ?? "{}";
  return {
    id: fields.get("id"),
    name,
    data: data.startsWith("{") ? (JSON.parse(data) as Record<string, unknown>) : {},
  };
}

export async function follow(
  url: string,
  headers: Record<string, string> = {},
): Promise<Following> {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  const events: StreamEvent[] = [];
  const waiting = new Set<() => void>();
  const read = async (): Promise<readonly StreamEvent[]> => {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const part = await reader?.read();
      if (part?.value === undefined) return events;
      const blocks = (rest + part.value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = eventOf(block);
        if (event !== undefined) events.push(event);
      }
      for (const wake of waiting) wake();
    }
  };
  const ended = read();
  ended.catch(() => undefined);
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    events,
    ended,
    stop: () => controller.abort(),
    until: (holds) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = events.find(holds);
          if (found !== undefined) resolve(found);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error("the stream ended before")), reject);
      }),
  };
}
