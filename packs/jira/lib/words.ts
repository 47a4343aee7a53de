/** What is said in tickets of what JIRA did not take, in the language of pack ticket. */
import type { JsonObject } from "raicho/pack";

export interface Words {
  readonly unassignable: (name: string, project: string) => string;
  readonly refusedPerson: (name: string, why?: string) => string;
  readonly refusedField: (name: string, why: string) => string;
  readonly nobody: string;
  readonly instead: (name: string) => string;
  /** Between sentences. */
  readonly stop: string;
}

const words: Readonly<Record<"ja" | "en", Words>> = {
  en: {
    unassignable: (name, project) => `"${name}" cannot be assigned issues of ${project}`,
    refusedPerson: (name, why) =>
      `JIRA refused to assign "${name}"${why === undefined ? "" : `: ${why}`}`,
    refusedField: (name, why) => `JIRA refused the field ${name} (${why}); it was left out.`,
    nobody: "Nobody is assigned.",
    instead: (name) => `Assigned to "${name}" instead.`,
    stop: ". ",
  },
  ja: {
    unassignable: (name, project) => `「${name}」には ${project} の課題を割り当てられません`,
    refusedPerson: (name, why) =>
      `JIRA が「${name}」への割り当てを拒否しました${why === undefined ? "" : `: ${why}`}`,
    refusedField: (name, why) => `JIRA が項目 ${name} を受け付けなかったため省きました (${why})。`,
    nobody: "担当者は設定されていません。",
    instead: (name) => `代わりに「${name}」に割り当てました。`,
    stop: "。",
  },
};

/** `language` of what a backend is given. */
export function wordsFor({ language }: JsonObject): Words {
  return words[language === "ja" ? "ja" : "en"];
}
