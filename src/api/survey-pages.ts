/** `/surveys`: what somebody says of the work at a ticket that is closed, as a plain page. */
import { urlencoded, type Request, type Response } from "express";
import { rateTicket } from "../engine/ticket-report.ts";
import { ticketId, ticketRef } from "../engine/ticket-view.ts";
import { isObject } from "../model/json.ts";
import type { Tongue } from "../runbooks/document.ts";
import type { TicketRow } from "../store/tickets.ts";
import type { Door } from "./door.ts";
import { otherTongue } from "./form-pages.ts";
import { guard, userOf } from "./guard.ts";
import { markup, type Html, nothing, sendPage, tongueOf } from "./page.ts";
import { pageFaults } from "./page-sign-in.ts";
import { Routes } from "./routes.ts";
import { ticketNamed } from "./tickets.ts";

const words = {
  title: { ja: "対応はいかがでしたか", en: "How was the work at this ticket?" },
  rating: { ja: "評価", en: "Rating" },
  rating1: { ja: "1: 大変だった", en: "1: bad" },
  rating2: { ja: "2: やや大変だった", en: "2: rather bad" },
  rating3: { ja: "3: ふつう", en: "3: neither" },
  rating4: { ja: "4: やや楽だった", en: "4: rather good" },
  rating5: { ja: "5: 楽だった", en: "5: good" },
  minutes: { ja: "かかった時間（分）", en: "Minutes that it took" },
  comment: { ja: "ひとこと", en: "In your words" },
  send: { ja: "回答する", en: "Send" },
  missing: { ja: "評価を選んでください。", en: "Please choose a rating." },
  minutesFault: {
    ja: "時間は分単位の整数で入力してください。",
    en: "Please enter whole minutes.",
  },
  done: { ja: "ご回答ありがとうございました", en: "Thank you" },
} as const satisfies Record<string, Record<Tongue, string>>;

const marks = [5, 4, 3, 2, 1] as const;

function surveyForm(
  row: TicketRow,
  tongue: Tongue,
  fault: "missing" | "minutesFault" | undefined,
): Html {
  const said = (name: keyof typeof words): string => words[name][tongue];
  const choices = marks.map(
    (mark) =>
      markup`<div>
        <label><input type="radio" name="rating" value="${mark}" required /> ${said(`rating${mark}`)}</label>
      </div>`,
  );
  return markup`<p class="lead">${ticketRef(row)} ${row.summary}</p>
    ${fault === undefined ? nothing : markup`<div class="faults" role="alert">${said(fault)}</div>`}
    <form class="card" method="post" action="/surveys/${ticketId(row.id)}?lang=${tongue}">
      <fieldset class="field">
        <legend>${said("rating")}</legend>
        ${choices}
      </fieldset>
      <div class="field">
        <label for="minutes">${said("minutes")}</label
        ><input id="minutes" name="minutes" type="number" min="0" step="1" />
      </div>
      <div class="field">
        <label for="comment">${said("comment")}</label
        ><textarea id="comment" name="comment" maxlength="2000"></textarea>
      </div>
      <div class="buttons"><button>${said("send")}</button></div>
    </form>`;
}

function show(request: Request, response: Response, body: Html, status = 200): void {
  const tongue = tongueOf(request);
  sendPage(
    response,
    { title: words.title[tongue], tongue, other: otherTongue(request), body },
    status,
  );
}

async function take(
  { core }: Pick<Door, "core">,
  request: Request<{ ref: string }>,
  response: Response,
): Promise<void> {
  const tongue = tongueOf(request);
  const row = await ticketNamed(core, request.params.ref);
  const given: unknown = request.body;
  const { rating, minutes, comment } = isObject(given) ? given : {};
  const [mark, spent] = [
    Number(rating),
    minutes === "" || minutes === undefined ? null : Number(minutes),
  ];
  const fault = !marks.some((one) => one === mark)
    ? "missing"
    : spent !== null && (!Number.isInteger(spent) || spent < 0)
      ? "minutesFault"
      : undefined;
  if (fault !== undefined) return show(request, response, surveyForm(row, tongue, fault), 422);
  await rateTicket(core, row, userOf(response).name, {
    rating: mark,
    minutes: spent,
    comment: typeof comment === "string" ? comment.slice(0, 2_000) : null,
  });
  const done = markup`<div class="card done" role="status">
    <p><strong>${words.done[tongue]}</strong></p>
    <p>${ticketRef(row)} ${row.summary}</p>
  </div>`;
  show(request, response, done);
}

/** Below `/surveys`, behind the pages' sign-in. */
export function surveyPageRoutes(door: Door): Routes {
  const router = new Routes();
  router.router.use(guard(door));
  const bodies = urlencoded({ extended: false, limit: "20kb" });
  router.get("/:ref", "ticket_view", async (request, response) => {
    const row = await ticketNamed(door.core, request.params.ref);
    show(request, response, surveyForm(row, tongueOf(request), undefined));
  });
  router.post("/:ref", "ticket_modify", bodies, (request, response) =>
    take(door, request, response),
  );
  router.router.use(pageFaults);
  return router;
}
