/** Japan's national holidays by the law as it stands since 2022 (国民の祝日に関する法律); the equinoxes by the Observatory's formula, good until 2099. */

/** Month, day, name. */
const fixed: ReadonlyArray<readonly [month: number, day: number, name: string]> = [
  [1, 1, "元日"],
  [2, 11, "建国記念の日"],
  [2, 23, "天皇誕生日"],
  [4, 29, "昭和の日"],
  [5, 3, "憲法記念日"],
  [5, 4, "みどりの日"],
  [5, 5, "こどもの日"],
  [8, 11, "山の日"],
  [11, 3, "文化の日"],
  [11, 23, "勤労感謝の日"],
];

/** Month, which Monday, name. */
const mondays: ReadonlyArray<readonly [month: number, which: number, name: string]> = [
  [1, 2, "成人の日"],
  [7, 3, "海の日"],
  [9, 3, "敬老の日"],
  [10, 2, "スポーツの日"],
];

function iso(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
}

function weekday(date: string): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay();
}

function shifted(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function equinox(year: number, at1980: number): number {
  const past = year - 1980;
  return Math.floor(at1980 + 0.242_194 * past - Math.floor(past / 4));
}

function ownHolidays(year: number): Map<string, string> {
  const found = new Map(fixed.map(([month, day, name]) => [iso(year, month, day), name]));
  for (const [month, which, name] of mondays) {
    const first = weekday(iso(year, month, 1));
    found.set(iso(year, month, 1 + ((8 - first) % 7) + (which - 1) * 7), name);
  }
  found.set(iso(year, 3, equinox(year, 20.8431)), "春分の日");
  found.set(iso(year, 9, equinox(year, 23.2488)), "秋分の日");
  return found;
}

/** Dates (2026-11-23) with their names, substitute holidays and days between two holidays included. */
export function japaneseHolidays(year: number): ReadonlyMap<string, string> {
  const own = ownHolidays(year);
  const all = new Map(own);
  for (const date of [...own.keys()].filter((each) => weekday(each) === 0)) {
    let substitute = shifted(date, 1);
    while (own.has(substitute)) substitute = shifted(substitute, 1);
    all.set(substitute, "振替休日");
  }
  for (const date of own.keys()) {
    const between = shifted(date, 1);
    if (!all.has(between) && own.has(shifted(date, 2)) && weekday(between) !== 0)
      all.set(between, "国民の休日");
  }
  return all;
}
