/** What is written into tickets, in Japanese and English. What came from outside stands in it as it is. */
import { isObject, type JsonObject } from "../model/json.ts";
import { assignmentOf } from "./owner.ts";
import { text, type Language } from "./settings.ts";

interface Words {
  readonly source: string;
  readonly severity: string;
  readonly host: string;
  readonly inInventory: string;
  readonly notInInventory: string;
  readonly service: string;
  readonly occurred: string;
  readonly mail: string;
  readonly from: string;
  readonly earlier: string;
  readonly owner: string;
  readonly ownerUnknown: string;
  readonly several: string;
  readonly group: string;
  readonly unknown: string;
  readonly alert: string;
  readonly count: string;
  readonly first: string;
  readonly last: string;
  readonly occurrences: string;
  readonly more: (count: number) => string;
  readonly repeated: (count: number, at: string) => string;
  readonly reopened: (at: string) => string;
  readonly wrongClosing: (why: "fixer" | "not the leader", refused: boolean) => string;
  readonly reminder: (waitsFor: "start" | "review", hours: number) => string;
  readonly toRead: string;
  readonly survey: (address: string) => string;
}

const words: Readonly<Record<Language, Words>> = {
  en: {
    source: "Source",
    severity: "severity",
    host: "Host",
    inInventory: "inventory",
    notInInventory: "not in the inventory",
    service: "Service",
    occurred: "Occurred",
    mail: "Mail",
    from: "from",
    earlier: "Earlier ticket of this alert",
    owner: "Owner",
    ownerUnknown: "unknown, the leader decides",
    several: "several people own the machine",
    group: "a group owns the machine",
    unknown: "the inventory names nobody",
    alert: "Alert",
    count: "Occurrences",
    first: "First",
    last: "Last",
    occurrences: "Times",
    more: (count) => `… and ${count} more`,
    repeated: (count, at) => `Occurrence ${count} of this alert today, the last at ${at}.`,
    reopened: (at) => `The alert came again at ${at}: opened again.`,
    wrongClosing: (why, refused) =>
      `${why === "fixer" ? "Whoever fixed a ticket does not close it" : "Only the leader closes this ticket"}: the leader reviews it first. ${refused ? "It was sent back." : "It is marked closed-without-review."}`,
    reminder: (waitsFor, hours) =>
      waitsFor === "start"
        ? `Nobody has started on this ticket for ${hours} hours.`
        : `This ticket has been waiting for the leader's review for ${hours} hours.`,
    toRead: "Please read",
    survey: (address) => `How was the work at this ticket? It takes half a minute: ${address}`,
  },
  ja: {
    source: "監視元",
    severity: "深刻度",
    host: "ホスト",
    inInventory: "インベントリ",
    notInInventory: "インベントリに未登録",
    service: "サービス",
    occurred: "発生日時",
    mail: "メール",
    from: "差出人",
    earlier: "同じアラートの以前のチケット",
    owner: "担当",
    ownerUnknown: "不明（リーダーが判断）",
    several: "担当者が複数",
    group: "担当がグループ",
    unknown: "インベントリに担当者がいない",
    alert: "アラート",
    count: "発生回数",
    first: "初回",
    last: "最終",
    occurrences: "発生時刻",
    more: (count) => `…ほか${count}件`,
    repeated: (count, at) => `本日${count}回目の発生です（最終 ${at}）。`,
    reopened: (at) => `${at} にアラートが再発したため、再オープンしました。`,
    wrongClosing: (why, refused) =>
      `${why === "fixer" ? "対応者本人はクローズできません" : "クローズできるのはリーダーだけです"}。リーダーの確認が必要です。${refused ? "差し戻しました。" : "closed-without-review を付けました。"}`,
    reminder: (waitsFor, hours) =>
      waitsFor === "start"
        ? `${hours}時間、着手されていません。`
        : `${hours}時間、リーダーの確認待ちです。`,
    toRead: "確認依頼",
    survey: (address) => `対応はいかがでしたか。30秒ほどのアンケートにご回答ください: ${address}`,
  },
};

export function ticketWords(language: Language): Words {
  return words[language];
}

const part = (alert: JsonObject, name: string): string => text(alert[name]) ?? "";

/** `[CRITICAL] web01.auction/HTTP: …`, and the count when it is more than one. */
export function alertSummary(alert: JsonObject, count = 1): string {
  const [host, service] = [part(alert, "host_raw"), part(alert, "service")];
  const place = host === "" ? "" : `${host}${service === "" ? "" : `/${service}`}: `;
  const times = count > 1 ? ` (×${count})` : "";
  const head = `[${part(alert, "severity").toUpperCase()}] ${place}${part(alert, "summary")}`;
  return Array.from(head).slice(0, 240).join("") + times;
}

/** `times` = the occurrence list of a digest, oldest first. */
export function alertDescription(
  alert: JsonObject,
  language: Language,
  times: readonly string[] = [],
): string {
  const say = words[language];
  const { entity, mail } = alert;
  const host = isObject(entity)
    ? `${say.inInventory}: ${part(entity, "type")} ${part(entity, "name")}`
    : say.notInInventory;
  const subject = isObject(mail) ? text(mail["subject"]) : undefined;
  const earlier = text(alert["previous_ticket"]);
  const lines = [
    `${say.source}: ${part(alert, "source")} (${part(alert, "class")}), ${say.severity} ${part(alert, "severity")}`,
    `${say.host}: ${part(alert, "host_raw")} (${host})`,
    `${say.service}: ${part(alert, "service")}`,
    `${say.occurred}: ${part(alert, "occurred_at")}`,
    ...(isObject(mail) && subject !== undefined
      ? [`${say.mail}: ${subject} ${say.from} ${part(mail, "from")}`]
      : []),
    ...(earlier === undefined ? [] : [`${say.earlier}: ${earlier}`]),
    ownerLine(alert["owner"], say),
    `${say.alert}: ${part(alert, "fingerprint")}`,
    ...occurrenceLines(times, say),
  ];
  return [part(alert, "summary"), part(alert, "detail"), lines.join("\n")]
    .filter((each) => each !== "")
    .join("\n\n");
}

function ownerLine(owner: unknown, say: Words): string {
  const found = isObject(owner) ? owner : {};
  const { person, kind, via } = found;
  if (kind === "person" && isObject(person))
    return `${say.owner}: ${part(person, "name")} (${text(via) ?? ""})`;
  return `${say.owner}: ${say.ownerUnknown} (${say[assignmentOf(owner).unknown ?? "unknown"]})`;
}

const mostTimes = 200;

function occurrenceLines(times: readonly string[], say: Words): readonly string[] {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return [];
  const shown = times.slice(0, mostTimes).map((time) => `- ${time}`);
  const rest = times.length - shown.length;
  return [
    "",
    `${say.count}: ${times.length}`,
    `${say.first}: ${first}`,
    `${say.last}: ${last}`,
    `${say.occurrences}:`,
    ...shown,
    ...(rest > 0 ? [say.more(rest)] : []),
  ];
}
