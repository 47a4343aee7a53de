/** `/runbooks`: documents as plain pages, and correcting one in a single step. */
import { urlencoded, type Request, type Response } from "express";
import { knowledgeReport, proposeCorrection, viewDocument } from "../engine/knowledge.ts";
import type { RunbookGround } from "../engine/runbook-prepare.ts";
import { AppError } from "../model/errors.ts";
import { isObject } from "../model/json.ts";
import type { Tongue } from "../runbooks/document.ts";
import { word } from "../runbooks/words.ts";
import type { Door } from "./door.ts";
import { otherTongue } from "./form-pages.ts";
import { submissionOf, submissionToken } from "./form-requests.ts";
import { guard, userOf } from "./guard.ts";
import { markup, type Html, nothing, sendPage, tongueOf } from "./page.ts";
import { pageFaults } from "./page-sign-in.ts";
import { text } from "./query.ts";
import { mayDo, Routes } from "./routes.ts";
import { documentPath } from "./runbooks.ts";

const words = {
  documents: { ja: "文書", en: "Documents" },
  stale: { ja: "古い", en: "stale" },
  used: { ja: "添付", en: "Attached" },
  text: { ja: "本文 (Markdown)", en: "Text (Markdown)" },
  message: { ja: "何を直したか", en: "What was corrected" },
  send: { ja: "レビューに出す", en: "Propose for review" },
  sent: { ja: "レビューに出しました", en: "Proposed for review" },
  branch: { ja: "ブランチ", en: "Branch" },
  after: {
    ja: "マージされると、次の依頼から使われます。",
    en: "Once it is merged, the next request uses it.",
  },
  ticket: { ja: "チケット", en: "Ticket" },
  faults: { ja: "このままでは出せません", en: "It cannot be proposed as it is" },
} as const satisfies Record<string, Record<Tongue, string>>;

function isOwn(name: string): name is keyof typeof words {
  return Object.hasOwn(words, name);
}

/** Those that sub-tickets have, too, are the same here. */
type Shared = "document" | "version" | "owner" | "reviewed" | "update";

function said(name: keyof typeof words | Shared, tongue: Tongue): string {
  return isOwn(name) ? words[name][tongue] : word(name, tongue);
}

function home(tongue: Tongue): { readonly href: string; readonly text: string } {
  return { href: `/runbooks?lang=${tongue}`, text: said("documents", tongue) };
}

function addressOf(path: string): string {
  return `/runbooks/${path.split("/").map(encodeURIComponent).join("/")}`;
}

async function list(ground: RunbookGround, request: Request, response: Response): Promise<void> {
  const tongue = tongueOf(request);
  const { documents } = await knowledgeReport(ground, 90);
  const rows = documents.map(
    (one) =>
      markup`<tr>
        <td>
          <a href="${addressOf(one.document)}?lang=${tongue}">${one.title}</a><br /><small
            >${one.document}</small
          >
        </td>
        <td>${one.owner ?? "–"}</td>
        <td>
          ${one.reviewed_at ?? "–"}${one.stale ? markup` <strong class="fault">${said("stale", tongue)}</strong>` : nothing}
        </td>
        <td class="number">${one.attached}</td>
      </tr>`,
  );
  sendPage(response, {
    title: said("documents", tongue),
    tongue,
    other: otherTongue(request),
    body: markup`<table>
      <thead>
        <tr>
          <th scope="col">${said("document", tongue)}</th>
          <th scope="col">${said("owner", tongue)}</th>
          <th scope="col">${said("reviewed", tongue)}</th>
          <th scope="col">${said("used", tongue)}</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`,
  });
}

interface Editing {
  readonly path: string;
  readonly written: string;
  readonly version: string;
  readonly ticket: string;
  readonly message?: string;
  readonly fault?: string;
}

function editForm(
  { core }: Pick<Door, "core">,
  { request, response }: { request: Request; response: Response },
  given: Editing,
): Html {
  const tongue = tongueOf(request);
  const { path, written, version, ticket, message = "", fault } = given;
  const token = submissionToken(core, path, userOf(response).name);
  return markup`${
    fault === undefined
      ? nothing
      : markup`<div class="faults" role="alert">
            <h2>${said("faults", tongue)}</h2>
            <pre>${fault}</pre>
          </div>`
  }
    <h2 id="correct">${said("update", tongue)}</h2>
    <form class="card" method="post" action="${addressOf(path)}?lang=${tongue}">
      <input type="hidden" name="_submission" value="${token}" /><input
        type="hidden"
        name="base"
        value="${version}"
      /><input type="hidden" name="ticket" value="${ticket}" />
      <div class="field">
        <label for="text">${said("text", tongue)}</label
        ><textarea class="text" id="text" name="text" spellcheck="false" required>
${written}</textarea>
      </div>
      <div class="field">
        <label for="message">${said("message", tongue)}</label
        ><input id="message" name="message" value="${message}" maxlength="200" />
      </div>
      <div class="buttons"><button>${said("send", tongue)}</button></div>
    </form>`;
}

async function show(
  door: Pick<Door, "core" | "documents">,
  request: Request<{ path: string[] }>,
  response: Response,
): Promise<void> {
  const tongue = tongueOf(request);
  const path = documentPath(request.params.path);
  const ticket = text(request.query["ticket"]);
  const wanted = {
    path,
    version: text(request.query["version"]),
    ticket,
    user: userOf(response).name,
  };
  const {
    edition,
    text: written,
    document,
  } = await viewDocument({ core: door.core, book: door.documents }, wanted);
  const edits = mayDo(response, "runbook_modify")
    ? editForm(
        door,
        { request, response },
        { path, written, version: edition.commit, ticket: ticket ?? "" },
      )
    : nothing;
  sendPage(response, {
    title: document?.title ?? path,
    tongue,
    other: otherTongue(request),
    home: home(tongue),
    body: markup`<p class="lead">
        ${path} · ${said("version", tongue)} ${edition.commit.slice(0, 12)} ·
        ${said("owner", tongue)} ${document?.owner ?? "–"} · ${said("reviewed", tongue)}
        ${document?.reviewedAt ?? "–"}
      </p>
      <pre>${written}</pre>
      ${edits}`,
  });
}

/** Puts the change on a branch, and tells the ticket where it came from. */
async function propose(
  door: Pick<Door, "core" | "documents">,
  request: Request<{ path: string[] }>,
  response: Response,
): Promise<void> {
  const tongue = tongueOf(request);
  const path = documentPath(request.params.path);
  const body: unknown = request.body;
  const given = isObject(body) ? body : {};
  const field = (name: string): string => (typeof given[name] === "string" ? given[name] : "");
  const user = userOf(response).name;
  const page = {
    title: said("update", tongue),
    tongue,
    other: otherTongue(request),
    home: home(tongue),
  };
  const again = (fault?: string): Html =>
    editForm(
      door,
      { request, response },
      {
        path,
        written: field("text"),
        version: field("base"),
        ticket: field("ticket"),
        message: field("message"),
        ...(fault === undefined ? {} : { fault }),
      },
    );
  if (submissionOf(door.core, path, user, given["_submission"]) === undefined)
    return sendPage(response, { ...page, body: again() });
  try {
    const ticket = field("ticket");
    const done = await proposeCorrection(
      { core: door.core, book: door.documents },
      {
        path,
        text: field("text"),
        base: field("base"),
        message: field("message"),
        user,
        ticket: ticket === "" ? undefined : ticket,
      },
    );
    return sendPage(response, {
      ...page,
      title: said("sent", tongue),
      body: markup`<div class="card done" role="status">
        <p>${said("branch", tongue)}: <strong>${String(done["branch"])}</strong></p>
        <p>${said("after", tongue)}</p>
      </div>`,
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "DOCUMENTS_REFUSED") throw error;
    return sendPage(response, { ...page, body: again(error.message) }, 422);
  }
}

/** Below `/runbooks`. */
export function runbookPageRoutes(door: Door): Routes {
  const ground: RunbookGround = { core: door.core, book: door.documents };
  const router = new Routes();
  router.router.use(guard(door));
  const bodies = urlencoded({ extended: false, limit: "2mb" });
  router.get("/", "runbook_list", (request, response) => list(ground, request, response));
  router.get("/*path", "runbook_view", (request, response) => show(door, request, response));
  router.post("/*path", "runbook_modify", bodies, (request, response) =>
    propose(door, request, response),
  );
  router.router.use(pageFaults);
  return router;
}
