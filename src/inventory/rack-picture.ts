/** What stands where in a rack, as a picture. Pure: places in, SVG out. */
import { clipped, escapeXml, picture } from "./svg.ts";

export interface RackUnit {
  readonly id: string;
  readonly name: string;
  /** Lowest unit, from 1 at the bottom. */
  readonly position: number;
  readonly height: number;
  readonly face: "front" | "rear";
  /** True: it fills the rack from front to rear. */
  readonly deep: boolean;
  readonly status: string;
  readonly kind: string;
}

export interface RackPicture {
  readonly name: string;
  readonly place: string;
  readonly units: number;
  readonly devices: readonly RackUnit[];
  /** Devices of the rack that have no place in it, or one outside. */
  readonly unplaced: readonly string[];
  /** Where entries are shown, before their ids; "" = without links. */
  readonly link: string;
}

const row = 22;
const width = 340;
const left = 44;
const top = 64;
const gap = 60;

const classes: Readonly<Record<string, string>> = {
  active: "box",
  planned: "off",
  staged: "off",
  retired: "off",
  failed: "warn",
  in_maintenance: "warn",
};

/** Both faces beside each other, or one of them. */
export function rackSvg(rack: RackPicture, faces: readonly ("front" | "rear")[]): string {
  const inside = rack.units * row;
  const notes = rack.unplaced.length > 0 ? [`Without a place: ${rack.unplaced.join(", ")}`] : [];
  const total = left + faces.length * (width + gap) - gap + left;
  const columns = faces.flatMap((face, index) => column(rack, face, left + index * (width + gap)));
  const list = [...rack.devices].toSorted((a, b) => b.position - a.position);
  const description = [
    `${rack.units} units, ${rack.devices.length} devices.`,
    ...list.map((device) => `${said(device)}.`),
    ...notes,
  ].join(" ");
  return picture(
    { width: total, height: top + inside + 40 + notes.length * 18 },
    { title: `Rack ${rack.name}`, description },
    [
      text([left, 24], clipped(`${rack.name}  ${rack.place}`, (total - left) / 14), "head"),
      ...columns,
      ...notes.map((note, index) =>
        text(
          [left, top + inside + 34 + index * 18],
          clipped(note, (total - left * 2) / 12),
          "faint",
        ),
      ),
    ],
  );
}

function said({ name, position, height, face, status }: RackUnit): string {
  const units = height > 1 ? `units ${position} to ${position + height - 1}` : `unit ${position}`;
  return `${name}: ${units}, ${face}, ${status}`;
}

function text([x, y]: readonly [number, number], words: string, name = "", anchor = ""): string {
  const extra = `${name === "" ? "" : ` class="${name}"`}${anchor === "" ? "" : ` text-anchor="${anchor}"`}`;
  return `<text x="${x}" y="${y}"${extra}>${escapeXml(words)}</text>`;
}

function column(rack: RackPicture, face: "front" | "rear", x: number): readonly string[] {
  const yOf = (unit: number): number => top + (rack.units - unit) * row;
  const empty = Array.from({ length: rack.units }, (_, index) => {
    const unit = index + 1;
    return [
      `<rect class="empty" x="${x}" y="${yOf(unit)}" width="${width}" height="${row}"/>`,
      text([x - 8, yOf(unit) + 15], String(unit), "faint", "end"),
    ];
  }).flat();
  const seen = rack.devices.filter((device) => device.face === face || device.deep);
  const boxes = seen.map((device) => {
    const { position, height, status, name, kind } = device;
    const y = yOf(position + height - 1);
    const behind = device.face === face ? "" : " (rear of it)";
    const shape = `<g><title>${escapeXml(said(device))}</title><rect class="${classes[status] ?? "box"}" x="${x + 1}" y="${y + 1}" width="${width - 2}" height="${height * row - 2}" rx="3"/>${text([x + 10, y + (height * row) / 2 + 4], clipped(`${name}${behind}`, (width - 90) / 12))}${text([x + width - 10, y + (height * row) / 2 + 4], kind, "faint", "end")}</g>`;
    return rack.link === ""
      ? shape
      : `<a href="${escapeXml(`${rack.link}${device.id}`)}">${shape}</a>`;
  });
  return [
    text([x, top - 12], face === "front" ? "Front / 前面" : "Rear / 背面", "faint"),
    ...empty,
    ...boxes,
  ];
}
