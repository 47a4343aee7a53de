/** `/api/v2/runbooks` and `/api/v2/requests`: documents, their use, changes to them, and which requests they cover. */
import type { Request } from "express";
import {
  generateAutomation,
  knowledgeReport,
  proposeCorrection,
  viewDocument,
} from "../engine/knowledge.ts";
import type { RunbookGround } from "../engine/runbook-prepare.ts";
import { plotCharts } from "../runbooks/plot.ts";
import type { KnowledgeReport } from "../engine/knowledge.ts";
import { listRequests } from "../store/requests.ts";
import { bodyOf, optionalTextIn, textIn } from "./bodies.ts";
import type { Door } from "./door.ts";
import { userOf } from "./guard.ts";
import { tongueOf } from "./page.ts";
import { flag, paging, text, wholeNumber } from "./query.ts";
import { Routes } from "./routes.ts";

const defaultDays = 90;
const mostDays = 3_660;

function daysOf(request: Request): number {
  return Math.min(mostDays, Math.max(1, wholeNumber(request, "days") ?? defaultDays));
}

/** The path behind `/documents/`. */
export function documentPath(parts: readonly string[]): string {
  return parts.join("/");
}

const titles = {
  coverage: { ja: "依頼の件数", en: "Requests" },
  uncovered: { ja: "文書なし", en: "not covered" },
  requests: { ja: "件", en: "requests" },
  use: { ja: "文書の利用", en: "Use of documents" },
  times: { ja: "回", en: "times" },
  authors: { ja: "文書の作成と更新", en: "Documents made and changed" },
  changes: { ja: "件", en: "changes" },
  age: { ja: "最終確認からの日数", en: "Days since the last review" },
  days: { ja: "日", en: "days" },
  report: { ja: "作業前ナレッジの報告", en: "Report of documents and requests" },
} as const;

/** The report as bars. */
export function reportPicture(report: KnowledgeReport, tongue: "ja" | "en"): string {
  const said = (name: keyof typeof titles): string => titles[name][tongue];
  const requests = report.coverage.map(({ component, type, covered, count }) => ({
    label: `${component ?? "-"}${covered ? ` / ${type ?? "-"}` : ` (${said("uncovered")})`}`,
    value: count,
    alarming: !covered,
  }));
  return plotCharts(
    [
      { title: said("coverage"), unit: said("requests"), bars: requests },
      {
        title: said("use"),
        unit: said("times"),
        bars: report.documents.map((one) => ({
          label: one.document,
          value: one.attached + one.viewed,
        })),
      },
      {
        title: said("authors"),
        unit: said("changes"),
        bars: report.authors.map((one) => ({
          label: one.author,
          value: one.created + one.changed,
        })),
      },
      {
        title: said("age"),
        unit: said("days"),
        bars: report.documents.map((one) => ({
          label: one.document,
          value: one.age_days ?? 0,
          alarming: one.stale,
        })),
      },
    ],
    said("report"),
  );
}

const proposal = {
  type: "object",
  properties: {
    document: { type: "string" },
    text: { type: "string", description: "The whole document." },
    base: { type: "string", description: "Version that was changed." },
    message: { type: "string" },
    ticket: { type: "string" },
  },
  required: ["document", "text", "base"],
} as const;

/** Below `/api/v2`. */
export function runbookRoutes({ core, documents: book }: Pick<Door, "core" | "documents">): Routes {
  const router = new Routes();
  reportRoutes(router, { core, book });
  documentRoutes(router, { core, book });
  return router;
}

function reportRoutes(router: Routes, ground: RunbookGround): void {
  router.about({
    summary: "Documents: owners, changes, use, coverage",
    query: { days: "of the last days (90)" },
  });
  router.get("/runbooks", "runbook_list", async (request, response) => {
    response.json(await knowledgeReport(ground, daysOf(request)));
  });
  router.about({
    summary: "The same as bars",
    query: { days: "of the last days (90)", lang: "ja or en" },
  });
  router.get("/runbooks/report.svg", "runbook_list", async (request, response) => {
    const report = await knowledgeReport(ground, daysOf(request));
    response.type("image/svg+xml").send(reportPicture(report, tongueOf(request)));
  });
  router.about({ summary: "Requests as they were prepared", query: { covered: "true or false" } });
  router.get("/requests", "runbook_list", async (request, response) => {
    const wanted = { covered: flag(request, "covered"), ...paging(request) };
    response.json({ items: await listRequests(ground.core.database.db, wanted) });
  });
}

function documentRoutes(router: Routes, ground: RunbookGround): void {
  router.about({
    summary: "A document",
    query: { version: "commit", ticket: "for which it is read" },
  });
  router.get("/runbooks/documents/*path", "runbook_view", async (request, response) => {
    const { version, ticket } = request.query;
    const path = documentPath(request.params.path);
    const user = userOf(response).name;
    const wanted = { path, version: text(version), ticket: text(ticket), user };
    const { edition, text: written, document } = await viewDocument(ground, wanted);
    const changes = await ground.book.changes(edition.commit, { path, most: 100, authors: true });
    const { title = null, owner = null, reviewedAt = null } = document ?? {};
    response.json({
      document: path,
      version: edition.commit,
      title,
      owner,
      reviewed_at: reviewedAt,
      text: written,
      changes,
    });
  });
  router.about({ summary: "Propose a changed document for review", body: proposal });
  router.post("/runbooks/proposals", "runbook_modify", async (request, response) => {
    const given = bodyOf(request);
    const done = await proposeCorrection(ground, {
      path: textIn(given, "document"),
      text: textIn(given, "text"),
      base: textIn(given, "base"),
      message: optionalTextIn(given, "message") ?? "",
      ticket: optionalTextIn(given, "ticket"),
      user: userOf(response).name,
    });
    response.status(201).json(done);
  });
  router.about({ summary: "Propose the workflow of a document for review" });
  router.post("/runbooks/workflows", "runbook_modify", async (request, response) => {
    const given = bodyOf(request);
    const done = await generateAutomation(ground, {
      document: textIn(given, "document"),
      version: optionalTextIn(given, "version"),
      tongue: tongueOf(request),
      user: userOf(response).name,
      propose: given["propose"] !== false,
    });
    response.status(201).json(done);
  });
}
