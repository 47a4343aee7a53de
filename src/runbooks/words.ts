/** Words around documents in sub-tickets and comments, in both languages. */
import type { Tongue } from "./document.ts";

const words = {
  document: { ja: "文書", en: "Document" },
  version: { ja: "版", en: "Version" },
  owner: { ja: "担当", en: "Owner" },
  reviewed: { ja: "最終確認日", en: "Last reviewed" },
  update: { ja: "この文書を直す", en: "Correct this document" },
  todo: { ja: "TODO", en: "TODO" },
  procedure: { ja: "手順書", en: "Procedure" },
  notes: { ja: "特殊仕様", en: "Special notes" },
  checks: { ja: "確認コマンド実行結果", en: "Results of check commands" },
  checksFollow: {
    ja: "結果は下のコメントに付きます。",
    en: "The results are in a comment below.",
  },
  noChecks: { ja: "確認コマンドはありません。", en: "There are no check commands." },
  noServers: {
    ja: "確認するサーバの指定がありません。",
    en: "No server is named to run check commands on.",
  },
  approvals: { ja: "承認", en: "Approvals" },
  approvalBefore: { ja: "作業前", en: "before the work" },
  approvalAfter: { ja: "作業後の確認", en: "a look afterwards" },
  doubts: { ja: "判定できなかった条件", en: "Conditions that could not be decided" },
  host: { ja: "サーバ", en: "Server" },
  command: { ja: "コマンド", en: "Command" },
  exitCode: { ja: "終了コード", en: "Exit code" },
  seconds: { ja: "秒", en: "s" },
  at: { ja: "実行時刻", en: "Run at" },
  output: { ja: "出力", en: "Output" },
  errors: { ja: "エラー出力", en: "Error output" },
  noOutput: { ja: "(出力なし)", en: "(no output)" },
  failed: { ja: "失敗", en: "FAILED" },
  timedOut: { ja: "時間切れ", en: "TIMED OUT" },
  refused: { ja: "実行せず", en: "NOT RUN" },
  refusedWhy: { ja: "実行しなかった理由", en: "Why not" },
  unknownServer: {
    ja: "インベントリにないサーバです",
    en: "the inventory does not know the server",
  },
  ok: { ja: "成功", en: "OK" },
  cut: { ja: "… 以下省略", en: "… the rest is left out" },
  failures: {
    ja: "失敗したコマンドがあります。作業は続けられます。",
    en: "Some commands failed; this does not stop the work.",
  },
  none: { ja: "(なし)", en: "(none)" },
} as const satisfies Record<string, Record<Tongue, string>>;

export type Word = keyof typeof words;

export function word(name: Word, tongue: Tongue): string {
  return words[name][tongue];
}
