/** The way of a cable from end to end, as a picture. Pure: the way in, SVG out. */
import { clipped, escapeXml, picture, textWidth } from "./svg.ts";

export interface TraceEnd {
  readonly id: string;
  readonly type: string;
  /** The port. */
  readonly name: string;
  readonly device: string;
}

/** From one port to the next: over a cable, or through a panel. */
export interface TraceHop {
  readonly kind: "cable" | "panel";
  /** The cable; undefined inside a panel. */
  readonly cable?: {
    readonly id: string;
    readonly label: string;
    readonly status: string;
    readonly kind: string | null;
    readonly length_m: number | null;
  };
  readonly from: TraceEnd;
  readonly to: TraceEnd;
}

const boxHeight = 52;
const step = 96;
const top = 60;
const left = 24;

/** Ports from top to bottom, joined by their cables. */
export function traceSvg(start: TraceEnd, hops: readonly TraceHop[]): string {
  const ends = [start, ...hops.map(({ to }) => to)];
  const widest = Math.max(
    ...ends.map(({ device, name }) => Math.max(textWidth(device), textWidth(name) + 6)),
  );
  const width = Math.min(520, Math.max(220, widest * 13 + 32));
  const total = left * 2 + width + 260;
  const last = ends.at(-1) ?? start;
  const description =
    hops.length === 0
      ? `${said(start)} has no cable.`
      : hops.map((hop) => `${said(hop.from)} ${how(hop)} ${said(hop.to)}.`).join(" ");
  const title = hops.length === 0 ? `Cable of ${said(start)}` : `${said(start)} to ${said(last)}`;
  return picture({ width: total, height: top + ends.length * step }, { title, description }, [
    `<text class="head" x="${left}" y="28">${escapeXml(clipped(title, (total - left * 2) / 14))}</text>`,
    ...hops.map((hop, index) => wire(hop, index, width)),
    ...ends.map((end, index) => box(end, index, width)),
  ]);
}

function said({ device, name }: TraceEnd): string {
  return `${device} ${name}`;
}

function how({ kind, cable }: TraceHop): string {
  if (kind === "panel" || cable === undefined) return "goes through the panel to";
  return `is joined by cable ${cable.label} (${cable.status}) to`;
}

function box({ device, name, type }: TraceEnd, index: number, width: number): string {
  const y = top + index * step;
  const room = (width - 24) / 13;
  return [
    `<g><title>${escapeXml(`${device} ${name}`)}</title>`,
    `<rect class="box" x="${left}" y="${y}" width="${width}" height="${boxHeight}" rx="5"/>`,
    `<text x="${left + 12}" y="${y + 21}" font-weight="600">${escapeXml(clipped(device, room))}</text>`,
    `<text x="${left + 12}" y="${y + 40}">${escapeXml(clipped(`${name}  ${type}`, room))}</text></g>`,
  ].join("");
}

function wire(hop: TraceHop, index: number, width: number): string {
  const { cable, kind } = hop;
  const x = left + width / 2;
  const [from, to] = [top + index * step + boxHeight, top + (index + 1) * step];
  const off = kind === "panel" || cable?.status === "planned" ? " off" : "";
  const length = cable?.length_m === null || cable === undefined ? "" : ` ${cable.length_m} m`;
  const words =
    cable === undefined ? "" : `${cable.label} ${cable.kind ?? ""}${length} ${cable.status}`;
  const y = (from + to) / 2 + 4;
  return `<path class="wire${off}" d="M${x} ${from}V${to}"/><text class="faint" x="${x + 12}" y="${y}">${escapeXml(clipped(words.replaceAll(/ +/g, " "), (width / 2 + 240) / 12))}</text>`;
}
