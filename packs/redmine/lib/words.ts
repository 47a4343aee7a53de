/** What is said in tickets of what Redmine did not take, in the language of pack ticket. */
import type { JsonObject } from "raicho/pack";

type Kind = "type" | "priority" | "component";

interface Words {
  readonly unknownPerson: (name: string) => string;
  readonly refusedPerson: (name: string, why: string) => string;
  readonly missing: (kind: Kind, name: string) => string;
}

const kinds = { type: "トラッカー", priority: "優先度", component: "カテゴリ" } as const;

const words: Readonly<Record<"ja" | "en", Words>> = {
  en: {
    unknownPerson: (name) => `"${name}" cannot be assigned: Redmine does not know them.`,
    refusedPerson: (name, why) => `Redmine refused to assign "${name}": ${why}.`,
    missing: (kind, name) => `Redmine has no ${kind} "${name}"; it was left out.`,
  },
  ja: {
    unknownPerson: (name) => `「${name}」は Redmine にいないため割り当てられません。`,
    refusedPerson: (name, why) => `Redmine が「${name}」への割り当てを拒否しました: ${why}。`,
    missing: (kind, name) => `Redmine に${kinds[kind]}「${name}」がないため省きました。`,
  },
};

/** `language` of what a backend is given. */
export function wordsFor({ language }: JsonObject): Words {
  return words[language === "ja" ? "ja" : "en"];
}
