/** An inventory of any size, always the same: sites, racks, machines, interfaces, addresses, contracts, with Japanese words in them. */

export interface Item {
  readonly type: string;
  readonly set: Readonly<Record<string, unknown>>;
}

/** How many entries of each type; the sum is the size that was asked for. */
export interface Sizes {
  readonly sites: number;
  readonly rooms: number;
  readonly racks: number;
  readonly models: number;
  readonly teams: number;
  readonly people: number;
  readonly services: number;
  readonly nodesets: number;
  readonly prefixes: number;
  readonly addresses: number;
  readonly devices: number;
  readonly interfaces: number;
  readonly contracts: number;
}

export function sizesOf(entries: number): Sizes {
  const part = (share: number, least: number): number =>
    Math.max(least, Math.floor(entries * share));
  const sizes = {
    sites: part(0.00001, 3),
    rooms: part(0.0001, 6),
    racks: part(0.005, 20),
    models: 40,
    teams: part(0.0001, 10),
    people: part(0.0005, 20),
    services: part(0.001, 10),
    nodesets: part(0.002, 20),
    addresses: part(0.18, 100),
    devices: part(0.2, 100),
    contracts: part(0.01, 20),
  };
  const prefixes = Math.ceil(sizes.addresses / 200) + freePools;
  const fixed = Object.values(sizes).reduce((sum, size) => sum + size, prefixes + 4);
  return { ...sizes, prefixes, interfaces: Math.max(100, entries - fixed) };
}

const wards = ["六本木", "渋谷", "大手町", "梅田", "博多", "札幌", "名古屋", "品川"] as const;
const duties = ["受注", "配送", "会員", "決済", "検索", "動画", "認証", "分析"] as const;
const statuses = ["active", "active", "active", "active", "active", "planned", "failed", "retired"];
export const environments = ["prd", "stg", "dev"] as const;

/** All entries; there is one vendor. */
export function entriesIn(sizes: Sizes): number {
  return Object.values<number>({ ...sizes }).reduce(
    (sum, size) => sum + size,
    1 + environments.length,
  );
}

const of = <Value>(list: readonly Value[], n: number): Value | undefined => list[n % list.length];
const padded = (n: number, digits: number): string => String(n).padStart(digits, "0");
/** Spreads numbers without being random: the same run, the same inventory. */
const spread = (n: number, size: number): number => (n * 7_919 + 13) % size;
const day = (n: number): string =>
  new Date(Date.UTC(2018, 0, 1) + (n % 4_000) * 86_400_000).toISOString().slice(0, 10);

export const hostname = (n: number): string => `srv-${padded(n, 6)}.example.net`;
export const serial = (n: number): string => `SN${padded(spread(n, 9_999_991), 7)}X`;
export const siteCode = (n: number): string => `DC${padded(n, 2)}`;
const roomOf = (n: number, { sites }: Sizes) => ({ site: siteCode(n % sites), name: `R${n}` });
export const rackOf = (n: number, sizes: Sizes) => ({
  room: roomOf(n % sizes.rooms, sizes),
  name: `A-${padded(n, 4)}`,
});
/** 200 addresses in each /24. */
export const addressOf = (n: number): string =>
  `10.${(n / 200 / 256) | 0}.${((n / 200) | 0) % 256}.${(n % 200) + 1}`;
/** How many there are. */
const freePools = 3;
/** A /23 in which nothing is taken; from 1 on. */
export const freePool = (n: number): string => `172.16.${n * 2}.0/23`;

/** One machine in forty is a spare without a cable: its interfaces are its neighbour's. */
const wired = (n: number): number => (n % 40 === 7 ? n - 1 : n);

type Make = (n: number, sizes: Sizes) => Record<string, unknown>;

/** In an order in which everything exists when it is referred to. */
const makers: readonly (readonly [string, (sizes: Sizes) => number, Make])[] = [
  ["Environment", () => environments.length, (n) => ({ code: of(environments, n) })],
  ["Vendor", () => 1, () => ({ name: "富士山電機" })],
  [
    "Person",
    ({ people }) => people,
    (n) => ({ login: `user${n}`, name: `${of(["佐藤", "鈴木", "高橋", "田中"], n)} ${n}` }),
  ],
  [
    "Team",
    ({ teams }) => teams,
    (n, { people }) => ({
      code: `team${n}`,
      name: `${of(duties, n)}運用${n}課`,
      lead: `user${spread(n, people)}`,
    }),
  ],
  [
    "Site",
    ({ sites }) => sites,
    (n) => ({ code: siteCode(n), address: `東京都港区${of(wards, n)}1-${n}` }),
  ],
  ["Room", ({ rooms }) => rooms, (n, sizes) => roomOf(n, sizes)],
  ["Rack", ({ racks }) => racks, (n, sizes) => ({ ...rackOf(n, sizes), units: 42 })],
  [
    "DeviceModel",
    ({ models }) => models,
    (n) => ({ vendor: "富士山電機", model: `FX-${n}`, units: 1 + (n % 4) }),
  ],
  [
    "Service",
    ({ services }) => services,
    (n, { teams }) => ({
      code: `svc${n}`,
      title: `${of(duties, n)}サービス${n}`,
      tier: n % 5,
      owner: `team${n % teams}`,
    }),
  ],
  [
    "NodeSet",
    ({ nodesets }) => nodesets,
    (n, { services }) => ({
      name: `set${n}`,
      service: `svc${n % services}`,
      environment: of(environments, n),
    }),
  ],
  [
    "Prefix",
    ({ prefixes }) => prefixes,
    (n, { prefixes }) => ({
      cidr:
        n >= prefixes - freePools
          ? freePool(prefixes - n)
          : `${addressOf(n * 200).replace(/\.\d+$/, ".0")}/24`,
    }),
  ],
  ["IPAddress", ({ addresses }) => addresses, (n) => ({ address: addressOf(n) })],
  [
    "Device",
    ({ devices }) => devices,
    (n, sizes) => ({
      hostname: hostname(n),
      serial: serial(n),
      asset_no: `R${padded(n, 6)}`,
      model: { vendor: "富士山電機", model: `FX-${n % sizes.models}` },
      rack: rackOf(spread(n, sizes.racks), sizes),
      position: 1 + (n % 40),
      service: `svc${spread(n, sizes.services)}`,
      environment: of(environments, n),
      ...(n < sizes.addresses ? { primary_ip: addressOf(n) } : {}),
      purchased: day(spread(n, 4_000)),
      status: of(statuses, spread(n, 8_009)),
      note: `${of(duties, n)}系 ${of(wards, spread(n, 1_009))}の機器。保守は${of(["平日", "24時間"], n)}。`,
    }),
  ],
  [
    "Interface",
    ({ interfaces }) => interfaces,
    (n, { devices }) => ({
      device: hostname(wired(n % devices)),
      name: `eth${(n / devices) | 0}${wired(n % devices) === n % devices ? "" : "b"}`,
      mac: `02:${padded((n / 100_000_000) | 0, 2)}:${padded(n % 100_000_000, 8).replace(/(..)(..)(..)(..)/, "$1:$2:$3:$4")}`,
      speed: [1_000, 10_000, 25_000][n % 3],
    }),
  ],
  [
    "SupportContract",
    ({ contracts }) => contracts,
    (n, { devices }) => ({
      contract_no: `K-${padded(n, 6)}`,
      vendor: "富士山電機",
      start: day(n),
      end: new Date(Date.now() + ((n % 2_000) - 500) * 86_400_000).toISOString().slice(0, 10),
      covers: [hostname(spread(n, devices)), hostname(spread(n + 1, devices))],
    }),
  ],
];

/** All items in calls of at most `size`, one type each. */
export function* calls(sizes: Sizes, size: number): Generator<readonly Item[]> {
  for (const [type, count, make] of makers) {
    const all = count(sizes);
    for (let from = 0; from < all; from += size)
      yield Array.from({ length: Math.min(size, all - from) }, (_, index) => ({
        type,
        set: make(from + index, sizes),
      }));
  }
}
