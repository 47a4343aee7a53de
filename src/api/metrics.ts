/** `/metrics` in Prometheus' text format. Names and labels are those of docs/metrics.md, which a test holds against this output. Labels are bounded:
 * routes as they are declared, never addresses, names or ids. */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

type Labels = Readonly<Record<string, string>>;
type Kind = "counter" | "gauge" | "histogram";

interface Histogram {
  readonly labels: Labels;
  /** Of each bucket alone; the text adds them up. */
  readonly counts: number[];
  sum: number;
  count: number;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value
        .replaceAll("\\", "\\\\")
        .replaceAll('"', String.raw`\"`)
        .replaceAll("\n", String.raw`\n`)}"`,
  );
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

/** Labels as a key; their text, which costs more, is made when somebody reads. */
function keyOf(labels: Labels): string {
  let key = "";
  for (const name in labels) key += `${labels[name]}\n`;
  return key;
}

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

/** What is read when somebody asks. */
export interface Reading {
  readonly name: string;
  readonly help: string;
  readonly kind: Exclude<Kind, "histogram">;
  read(): readonly Sample[] | Promise<readonly Sample[]>;
}

function family(name: string, help: string, kind: Kind, lines: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines].join("\n");
}

const help = {
  raicho_http_requests_total: "Requests that were answered, by route and class of status.",
  raicho_http_request_duration_seconds: "How long requests took, streams left out.",
  raicho_logins_total: "Sign-ins with a password, by their end.",
} as const;

export class Metrics {
  readonly #counters = new Map<string, Map<string, { labels: Labels; value: number }>>();
  readonly #durations = new Map<string, Histogram>();
  readonly #readings: Reading[] = [];

  count(name: "raicho_http_requests_total" | "raicho_logins_total", labels: Labels): void {
    const key = keyOf(labels);
    const known = this.#counters.get(name) ?? new Map<string, { labels: Labels; value: number }>();
    this.#counters.set(name, known);
    const entry = known.get(key) ?? { labels, value: 0 };
    entry.value += 1;
    known.set(key, entry);
  }

  /** A request took that many seconds. */
  took(labels: Labels, seconds: number): void {
    const key = keyOf(labels);
    const known = this.#durations.get(key) ?? {
      labels,
      counts: buckets.map(() => 0),
      sum: 0,
      count: 0,
    };
    this.#durations.set(key, known);
    known.sum += seconds;
    known.count += 1;
    const index = buckets.findIndex((bucket) => seconds <= bucket);
    if (index !== -1) known.counts[index] = (known.counts[index] ?? 0) + 1;
  }

  reading(...readings: readonly Reading[]): void {
    this.#readings.push(...readings);
  }

  /** Everything, as Prometheus reads it. A reading that fails is left out. */
  async text(): Promise<string> {
    const families: string[] = [];
    for (const name of ["raicho_http_requests_total", "raicho_logins_total"] as const) {
      const entries = [...(this.#counters.get(name)?.values() ?? [])];
      const lines = entries.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`);
      families.push(family(name, help[name], "counter", lines));
    }
    const name = "raicho_http_request_duration_seconds";
    const lines = [...this.#durations.values()].flatMap((each) => histogramLines(name, each));
    families.push(family(name, help[name], "histogram", lines));
    for (const reading of this.#readings) {
      const samples = await Promise.resolve(reading.read()).catch(() => []);
      const shown = samples.map(
        ({ labels = {}, value }) => `${reading.name}${labelText(labels)} ${value}`,
      );
      families.push(family(reading.name, reading.help, reading.kind, shown));
    }
    return `${families.join("\n")}\n`;
  }
}

function histogramLines(name: string, { labels, counts, sum, count }: Histogram): string[] {
  let below = 0;
  const lines = buckets.map((bucket, index) => {
    below += counts[index] ?? 0;
    return `${name}_bucket${labelText({ ...labels, le: String(bucket) })} ${below}`;
  });
  lines.push(`${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${count}`);
  lines.push(
    `${name}_sum${labelText(labels)} ${sum}`,
    `${name}_count${labelText(labels)} ${count}`,
  );
  return lines;
}

function one(value: number): readonly Sample[] {
  return [{ value }];
}

/** What this process knows about itself. */
export function processReadings(): readonly Reading[] {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return [
    {
      name: "process_cpu_seconds_total",
      help: "Processor time of the process that answers.",
      kind: "counter",
      read: () => {
        const { user, system } = process.cpuUsage();
        return one((user + system) / 1e6);
      },
    },
    {
      name: "process_resident_memory_bytes",
      help: "Memory of the process that answers.",
      kind: "gauge",
      read: () => one(process.memoryUsage.rss()),
    },
    {
      name: "process_start_time_seconds",
      help: "When that process started, in seconds since 1970.",
      kind: "gauge",
      read: () => one(Math.round(Date.now() / 1_000 - process.uptime())),
    },
    {
      name: "raicho_event_loop_delay_seconds",
      help: "99th percentile of how late timers of that process are, since the last look.",
      kind: "gauge",
      read: () => {
        const seconds = delay.percentile(99) / 1e9;
        delay.reset();
        return one(seconds);
      },
    },
  ];
}
