/** What is known of the documents: owners, changes, use, and which requests they cover; and changes to them that are proposed. */
import { randomBytes } from "node:crypto";
import { automationPack, workflowFiles } from "../content/runbook-workflow.ts";
import { renderProblem } from "../content/code-frame.ts";
import { readRunbooks } from "../content/runbooks.ts";
import type { GitChange, Proposal } from "../installer/git-documents.ts";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import {
  authorFacts,
  documentFacts,
  type AuthorFacts,
  type DocumentFacts,
} from "../runbooks/knowledge.ts";
import type { RunbookDocument, Tongue } from "../runbooks/document.ts";
import {
  coverage,
  documentUses,
  noteUses,
  type CoverageRow,
  type UseRow,
} from "../store/requests.ts";
import { ingest } from "./ingest.ts";
import type { RunbookGround } from "./runbook-prepare.ts";
import type { Edition } from "./runbook-book.ts";

export interface KnowledgeReport {
  readonly commit: string;
  readonly days: number;
  readonly documents: readonly (DocumentFacts & {
    readonly attached: number;
    readonly viewed: number;
    readonly corrected: number;
  })[];
  readonly stale: readonly string[];
  readonly authors: readonly AuthorFacts[];
  readonly coverage: readonly CoverageRow[];
  readonly covered: number;
  readonly uncovered: number;
}

const dayMs = 86_400_000;

/** Everything of the last `days` days. Throws DOCUMENTS_UNREACHABLE. */
export async function knowledgeReport(
  { core, book }: RunbookGround,
  days: number,
  signal?: AbortSignal,
): Promise<KnowledgeReport> {
  const { commit, runbooks } = await book.edition(undefined, { signal });
  const { staleDays } = await book.settings();
  const changes = asPeople(
    await book.changes(commit, { most: 5_000, authors: true }, signal),
    runbooks.documents.values(),
  );
  const since = new Date(Date.now() - days * dayMs);
  const [uses, covered] = await Promise.all([
    documentUses(core.database.db, since),
    coverage(core.database.db, since),
  ]);
  const today = new Date().toISOString().slice(0, 10);
  const facts = documentFacts(runbooks.documents.values(), changes, { today, staleDays });
  const used = new Map(uses.map((one): [string, UseRow] => [one.document, one]));
  const count = (wanted: boolean): number =>
    covered.filter((one) => one.covered === wanted).reduce((sum, one) => sum + one.count, 0);
  return {
    commit,
    days,
    documents: facts.map((one) => {
      const { attached = 0, viewed = 0, corrected = 0 } = used.get(one.document) ?? {};
      return { ...one, attached, viewed, corrected };
    }),
    stale: facts.filter(({ stale }) => stale).map(({ document }) => document),
    authors: authorFacts(facts, changes),
    coverage: covered,
    covered: count(true),
    uncovered: count(false),
  };
}

/** Who commits as `yamada@example.jp` is the owner `yamada`. */
function asPeople(
  changes: readonly GitChange[],
  documents: Iterable<RunbookDocument>,
): readonly GitChange[] {
  const owners = new Set([...documents].flatMap(({ owner }) => owner ?? []));
  return changes.map((change) => {
    const [login = ""] = change.email.split("@");
    return owners.has(login) ? { ...change, author: login } : change;
  });
}

/** A document of a version, and that somebody looked at it. Throws DOCUMENTS_UNKNOWN. */
export async function viewDocument(
  { core, book }: RunbookGround,
  {
    path,
    version,
    user,
    ticket,
  }: { path: string; version: string | undefined; user: string; ticket: string | undefined },
): Promise<{
  readonly edition: Edition;
  readonly text: string;
  readonly document: RunbookDocument | undefined;
}> {
  const edition = await book.edition(version);
  const text = edition.files.get(path);
  if (text === undefined || !path.endsWith(".md"))
    throw new AppError("DOCUMENTS_UNKNOWN", [
      `There is no document ${path} in ${edition.commit.slice(0, 12)}.`,
    ]);
  const hour = new Date().toISOString().slice(0, 13);
  await noteUses(core.database.db, [
    {
      key: `viewed:${path}:${user}:${ticket ?? ""}:${hour}`,
      document: path,
      commit: edition.commit,
      what: "viewed",
      person: user,
      ticket: ticket ?? null,
      sub_ticket: null,
    },
  ]);
  return { edition, text, document: edition.runbooks.documents.get(path) };
}

export interface Correction {
  readonly path: string;
  readonly text: string;
  /** Version that the change is made to. */
  readonly base: string;
  readonly message: string;
  readonly user: string;
  readonly ticket: string | undefined;
}

/** Proposes a document as a branch for review. Throws DOCUMENTS_REFUSED with the faults that it would bring. */
export async function proposeCorrection(
  { core, book }: RunbookGround,
  { path, text, base, message, user, ticket }: Correction,
): Promise<JsonObject> {
  const edition = await book.edition(base);
  if (!/^[\w./-]+\.md$/u.test(path) || path.split("/").includes(".."))
    throw new AppError("DOCUMENTS_REFUSED", [
      `${path}: expected a path such as runbooks/dns/add.md`,
    ]);
  const written = text.replaceAll("\r\n", "\n");
  if (edition.files.get(path) === written)
    throw new AppError("DOCUMENTS_REFUSED", [`${path} says that already.`]);
  await assertSound({ core, book }, edition, { path, text: written });
  const branch = branchName(ticket ?? path);
  const commit = await book.propose({
    base: edition.commit,
    branch,
    files: new Map([[path, written]]),
    message: `${message === "" ? `Correct ${path}` : message}${ticket === undefined ? "" : `\n\nTicket: ${ticket}`}\n`,
    author: authorOf(user),
  });
  await noteUses(core.database.db, [
    {
      key: `corrected:${commit}`,
      document: path,
      commit,
      what: "corrected",
      person: user,
      ticket: ticket ?? null,
      sub_ticket: null,
    },
  ]);
  const proposed = { document: path, branch, commit, user, message, ticket: ticket ?? null };
  await ingest(core, [
    {
      trigger: "runbook.proposed",
      source: "runbook",
      dedupeKey: `proposed ${commit}`,
      payload: proposed,
    },
  ]);
  return { branch, commit, document: path };
}

async function assertSound(
  { book }: RunbookGround,
  { files }: Edition,
  { path, text }: { readonly path: string; readonly text: string },
): Promise<void> {
  const { index, commands } = await book.settings();
  const changed = new Map(files).set(path, text);
  const tree = {
    paths: [...changed.keys()],
    read: (one: string) => Promise.resolve(changed.get(one)),
  };
  const { problems } = await readRunbooks(tree, { index, commands });
  const faults = problems.filter(({ file, severity }) => file === path && severity === "error");
  if (faults.length > 0)
    throw new AppError("DOCUMENTS_REFUSED", [
      faults.map((one) => renderProblem(one, path, text)).join("\n\n"),
    ]);
}

function branchName(about: string): string {
  const word = about.replaceAll(/[^\w-]+/g, "-").replaceAll(/^-+|-+$/g, "");
  return `raicho/${word}-${randomBytes(3).toString("hex")}`;
}

function authorOf(user: string): Proposal["author"] {
  const name = user.replaceAll(/[<>\n\0]/g, "");
  return { name, email: name.includes("@") ? name : `${name}@localhost` };
}

export interface Automation {
  readonly document: string;
  readonly version: string | undefined;
  readonly tongue: Tongue;
  readonly user: string;
  readonly propose: boolean;
}

const automationDirectory = "automation";

/** The workflow of a document; with `propose` also as a branch for review, disabled. Throws DOCUMENTS_UNKNOWN. */
export async function generateAutomation(
  { book }: RunbookGround,
  { document: path, version, tongue, user, propose }: Automation,
): Promise<JsonObject> {
  const edition = await book.edition(version);
  const document = edition.runbooks.documents.get(path);
  if (document === undefined)
    throw new AppError("DOCUMENTS_UNKNOWN", [`There is no document ${path} in ${edition.commit}.`]);
  const { commit } = edition;
  const pack = automationDirectory;
  const { name, files } = workflowFiles(document, { commit, tongue, pack });
  const all = new Map([...files].map(([file, text]) => [`${pack}/${file}`, text]));
  if (!edition.files.has(`${pack}/pack.yaml`)) all.set(`${pack}/pack.yaml`, automationPack(pack));
  const result = { action: `${pack}.${name}`, base: commit, files: Object.fromEntries(all) };
  if (!propose) return result;
  const branch = branchName(name);
  const proposed = await book.propose({
    base: commit,
    branch,
    files: all,
    message: `Propose a workflow for ${path}\n\nIt is disabled: read it, try it, then set enabled to true.\n`,
    author: authorOf(user),
  });
  return { ...result, branch, commit: proposed };
}
