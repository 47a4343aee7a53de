/** What a sub-ticket says: the document for this request, and what its check commands found. Markdown. */
import type { RunbookDocument, Tongue } from "./document.ts";
import { renderText, type View } from "./template.ts";
import { word, type Word } from "./words.ts";

export interface Rendering {
  readonly document: RunbookDocument;
  readonly view: View;
  readonly tongue: Tongue;
  /** The version of the documents. */
  readonly commit: string;
  /** Where the document is shown; undefined: nowhere. */
  readonly link: string | undefined;
  /** Where it can be corrected in one step. */
  readonly edit: string | undefined;
  /** Servers that check commands run on. */
  readonly hosts: readonly string[];
  readonly doubts: readonly string[];
}

/** Description of a sub-ticket. Throws only Unanswered. */
export function renderSubTicket(given: Rendering): string {
  const { document, view, tongue, doubts } = given;
  const { todo, procedure, notes } = document.sections;
  const said = (name: Word): string => word(name, tongue);
  const filled = (text: string | undefined): string =>
    text === undefined || text === "" ? said("none") : renderText(text, view);
  const parts = [
    headOf(given),
    `## ${said("todo")}\n\n${filled(withoutActions(todo))}`,
    ...approvalsOf(given),
    `## ${said("procedure")}\n\n${filled(procedure)}`,
    `## ${said("checks")}\n\n${checksOf(given)}`,
    `## ${said("notes")}\n\n${filled(notes)}`,
    ...(doubts.length === 0
      ? []
      : [`## ${said("doubts")}\n\n${doubts.map((one) => `- ${one}`).join("\n")}`]),
  ];
  return parts.join("\n\n");
}

/** Blocks of actions are for the engine, not for people. */
function withoutActions(text: string | undefined): string | undefined {
  return text?.replaceAll(/^[ \t]*(`{3,})action\b[^\n]*\n[\s\S]*?^[ \t]*\1[ \t]*$\n?/gm, "").trim();
}

function headOf({ document, tongue, commit, link, edit }: Rendering): string {
  const said = (name: Word): string => word(name, tongue);
  return [
    `${said("document")}: ${document.path}${link === undefined ? "" : ` (${link})`}`,
    `${said("version")}: ${commit}`,
    `${said("owner")}: ${document.owner ?? said("none")}`,
    `${said("reviewed")}: ${document.reviewedAt ?? said("none")}`,
    ...(edit === undefined ? [] : [`${said("update")}: ${edit}`]),
  ]
    .map((line) => `- ${line}`)
    .join("\n");
}

function approvalsOf({ document, view, tongue }: Rendering): readonly string[] {
  if (document.approvals.length === 0) return [];
  const lines = document.approvals.map(({ role, ask, when }) => {
    const moment = word(when === "before" ? "approvalBefore" : "approvalAfter", tongue);
    return `- [ ] ${renderText(ask, view)} (${role}, ${moment})`;
  });
  return [`## ${word("approvals", tongue)}\n\n${lines.join("\n")}`];
}

function checksOf({ document, tongue, hosts }: Rendering): string {
  if (document.checks.length === 0) return word("noChecks", tongue);
  const somewhere = hosts.length > 0 || document.checks.some((check) => check.hosts.length > 0);
  return word(somewhere ? "checksFollow" : "noServers", tongue);
}
