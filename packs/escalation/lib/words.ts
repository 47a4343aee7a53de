/** What is posted, spoken and written, in Japanese and English. Text of monitors is put in as it is. */
export interface Facts {
  readonly host: string;
  readonly service: string;
  readonly severity: string;
  readonly summary: string;
  readonly detail: string;
  readonly source: string;
  readonly occurredAt: string;
  readonly id: string;
}

export interface Call {
  readonly name: string;
  readonly round: number;
  readonly outcome: string;
  readonly key: string;
  readonly reason: string;
}

export interface Words {
  posted(facts: Facts, people: readonly string[]): string;
  spoken(facts: Facts): string;
  took(name: string): string;
  left(name: string): string;
  nobody: string;
  over(status: string): string;
  noNumbers(names: readonly string[]): string;
  call(call: Call): string;
}

const ja: Words = {
  posted: ({ severity, summary, source, occurredAt, detail, id }, people) =>
    lines([
      `【緊急アラート】${summary}`,
      `重要度: ${severity}　監視: ${source}　発生: ${occurredAt}`,
      detail.split("\n")[0] ?? "",
      people.length > 0 ? `電話する順番: ${people.join(" → ")}` : "",
      `引き受ける場合: raicho alert ack ${id}`,
    ]),
  spoken: ({ host, service, summary }) =>
    `監視からの緊急連絡です。${[host, service].filter(Boolean).join("の")}で障害が発生しています。${summary}。引き受ける場合は1、次の人に回す場合は2、対応しない場合は3を押してください。`,
  took: (name) => `${name} さんが電話で引き受けました。`,
  left: (name) => `${name} さんが、対応しないと答えました。以後は電話しません。`,
  nobody: "電話では誰も引き受けませんでした。",
  over: (status) =>
    status === "resolved"
      ? "復旧したため、電話をやめました。"
      : "対応者がいるため、電話をやめました。",
  noNumbers: (names) => `電話番号のない人: ${names.join("、")}`,
  call: ({ name, round, outcome, key, reason }) =>
    `${round}回目 ${name}: ${outcomesJa.get(outcome) ?? outcome}${key === "" ? "" : `（${key}）`}${reason === "" ? "" : `　${reason}`}`,
};

const outcomesJa = new Map([
  ["key", "キー応答"],
  ["no-key", "キー応答なし"],
  ["no-answer", "応答なし"],
  ["declined", "拒否"],
  ["failed", "失敗"],
]);

const en: Words = {
  posted: ({ severity, summary, source, occurredAt, detail, id }, people) =>
    lines([
      `URGENT: ${summary}`,
      `severity: ${severity}, monitor: ${source}, since: ${occurredAt}`,
      detail.split("\n")[0] ?? "",
      people.length > 0 ? `people are called: ${people.join(" → ")}` : "",
      `take it: raicho alert ack ${id}`,
    ]),
  spoken: ({ host, service, summary }) =>
    `This is an urgent alert. ${[service, host].filter(Boolean).join(" on ")} is in trouble. ${summary}. Press 1 to take it, 2 to pass it on, 3 to leave it.`,
  took: (name) => `${name} took it by phone.`,
  left: (name) => `${name} said that it can be left. Nobody is called any more.`,
  nobody: "Nobody took it by phone.",
  over: (status) =>
    status === "resolved"
      ? "It is over; nobody is called any more."
      : "Somebody looks after it; nobody is called any more.",
  noNumbers: (names) => `without a phone number: ${names.join(", ")}`,
  call: ({ name, round, outcome, key, reason }) =>
    `round ${round}, ${name}: ${outcome}${key === "" ? "" : ` (${key})`}${reason === "" ? "" : `, ${reason}`}`,
};

export const words: Readonly<Record<"ja" | "en", Words>> = { ja, en };

function lines(all: readonly string[]): string {
  return all.filter((line) => line.trim() !== "").join("\n");
}
