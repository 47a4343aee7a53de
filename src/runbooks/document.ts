/** Stage 2: a document in natural language with fixed headings. */
import { checksOf, todoOf } from "./blocks.ts";
import { fault, type DocumentFault, top } from "./fault.ts";
import { factsOf } from "./front-matter.ts";
import { type Heading, type Markdown, readMarkdown, type Spot } from "./markdown.ts";

/** Languages of shipped texts. */
export type Tongue = "ja" | "en";
/** One text in every language. */
export type Said = Readonly<Record<Tongue, string>>;

/** The four parts every document has. */
export const sectionKinds = ["todo", "procedure", "checks", "notes"] as const;
export type SectionKind = (typeof sectionKinds)[number];

/** How the headings of each part may be called; the first of each language is the one that is written. */
export const sectionTitles: Readonly<Record<SectionKind, readonly string[]>> = {
  todo: ["TODO", "To do", "やること", "作業前確認"],
  procedure: ["手順書", "Procedure", "手順", "Steps"],
  checks: ["確認コマンド", "Check commands", "確認コマンド実行結果", "Checks"],
  notes: ["特殊仕様", "Special notes", "特記事項", "Special specifications"],
};

export interface Approval {
  /** Role of those who may give it. */
  readonly role: string;
  /** What is asked. */
  readonly ask: string;
  /** `before`: before anything is done; `after`: a look at the result. */
  readonly when: "before" | "after";
}

/** A command that shows how a server is now. */
export interface CheckCommand extends Spot {
  readonly command: string;
  /** Names of servers as written; empty: those that the index names. */
  readonly hosts: readonly string[];
  readonly timeoutSeconds: number;
}

/** An action that a TODO item stands for, once it can be automated. */
export interface TodoAction extends Spot {
  /** `pack.action`. */
  readonly ref: string;
  /** As written; YAML. */
  readonly input: string;
  readonly inputLine: number;
  readonly name: string | undefined;
  /** Names of items that must be done first. */
  readonly after: readonly string[] | undefined;
}

export interface TodoItem extends Spot {
  readonly text: string;
  readonly action: TodoAction | undefined;
}

export interface RunbookDocument {
  /** Path in the repository. */
  readonly path: string;
  readonly title: string;
  readonly owner: string | undefined;
  /** Day on which somebody last said that it is right: `2026-10-01`. */
  readonly reviewedAt: string | undefined;
  readonly approvals: readonly Approval[];
  readonly todo: readonly TodoItem[];
  readonly checks: readonly CheckCommand[];
  /** Text of each part as written, without headings. */
  readonly sections: Readonly<Partial<Record<SectionKind, string>>>;
  readonly markdown: Markdown;
}

export interface ReadDocument {
  readonly document: RunbookDocument;
  readonly faults: readonly DocumentFault[];
}

/** Reads a document. `frontMatter` is what its front matter says, read as YAML; undefined when there is none or it is broken. */
export function readDocument(
  path: string,
  source: string,
  frontMatter: (text: string) => unknown,
): ReadDocument {
  const markdown = readMarkdown(source);
  const faults: DocumentFault[] = [];
  const facts = factsOf(markdown, frontMatter, faults);
  const parts = partsOf(markdown.headings, faults);
  const todo = parts.todo === undefined ? [] : todoOf(parts.todo, faults);
  const checks = parts.checks === undefined ? [] : checksOf(parts.checks, faults);
  for (const heading of markdown.headings)
    for (const fence of heading.fences)
      if (!fence.closed)
        faults.push(fault(fence, "the block is not closed", "``` on its own line"));
  const sections = Object.fromEntries(
    Object.entries(parts).map(([kind, heading]) => [kind, heading?.text.trim() ?? ""]),
  );
  return {
    document: {
      path,
      title: markdown.title ?? path.replace(/^.*\//, "").replace(/\.md$/, ""),
      ...facts,
      todo,
      checks,
      sections,
      markdown,
    },
    faults,
  };
}

/** Which part a heading begins. */
function kindOf(title: string): SectionKind | undefined {
  const folded = title.normalize("NFKC").trim().toLowerCase();
  return sectionKinds.find((kind) =>
    sectionTitles[kind].some((name) => name.toLowerCase() === folded),
  );
}

function partsOf(
  headings: readonly Heading[],
  faults: DocumentFault[],
): Partial<Record<SectionKind, Heading>> {
  const parts: Partial<Record<SectionKind, Heading>> = {};
  const names = sectionKinds.flatMap((kind) => sectionTitles[kind]);
  for (const heading of headings) {
    const kind = kindOf(heading.title);
    if (kind === undefined)
      faults.push({
        ...fault(heading, `"${heading.title}" is none of the headings that are read`),
        severity: "warning",
        wrong: heading.title,
        names,
      });
    else if (parts[kind] === undefined) parts[kind] = heading;
    else faults.push(fault(heading, `there is a second "${heading.title}"`, "one heading of each"));
  }
  for (const kind of sectionKinds) {
    const [ja = "", en = ""] = sectionTitles[kind];
    if (parts[kind] === undefined)
      faults.push(fault(top, `the section "${ja}" is missing`, `## ${ja} or ## ${en}`));
  }
  return parts;
}
