/** `/forms`: request forms as plain pages. */
import { type ErrorRequestHandler, urlencoded, type Request, type Response } from "express";
import {
  formNamed,
  presentForms,
  prefillForm,
  serverOptions,
  submitForm,
} from "../engine/forms.ts";
import { isObject } from "../model/json.ts";
import { inTongue } from "../runbooks/catalog.ts";
import type { RequestForm } from "../runbooks/form.ts";
import type { Filled, FormFault } from "../runbooks/form-values.ts";
import type { Door } from "./door.ts";
import { formBody, formWord } from "./form-page.ts";
import { filledIn, initially, submissionOf, submissionToken, ticketSoon } from "./form-requests.ts";
import { groundOf } from "./forms.ts";
import { guard, userOf } from "./guard.ts";
import { lending, type InventoryViews } from "./inventory-view.ts";
import { markup, type Html, nothing, sendPage, tongueOf } from "./page.ts";
import { pageFaults } from "./page-sign-in.ts";
import { Routes } from "./routes.ts";

/** The address of this page in the other language. */
export function otherTongue(request: Request): string {
  const other = new URLSearchParams({ lang: tongueOf(request) === "ja" ? "en" : "ja" });
  for (const [name, value] of Object.entries(request.query))
    if (name !== "lang" && typeof value === "string") other.append(name, value);
  return `${request.baseUrl}${request.path}?${String(other)}`;
}

interface Shown {
  readonly filled: Filled;
  readonly faults?: readonly FormFault[];
  readonly read?: ReadonlySet<string>;
  /** The submission that is going on; a new one when left out. */
  readonly token?: string;
}

async function show(
  door: Door,
  { request, response }: { request: Request; response: Response },
  form: RequestForm,
  { filled, faults = [], read = new Set(), token }: Shown,
): Promise<void> {
  const tongue = tongueOf(request);
  const user = userOf(response).name;
  const page = {
    form,
    tongue,
    filled,
    faults,
    read,
    token: token ?? submissionToken(door.core, form.name, user),
    servers: await serverOptions(await groundOf(door, response), ""),
  };
  const facts = {
    title: inTongue(form.label, tongue),
    tongue,
    other: otherTongue(request),
    home: { href: `/forms?lang=${tongue}`, text: formWord("forms", tongue) },
    body: formBody(page),
  };
  sendPage(response, facts, faults.length > 0 ? 422 : 200);
}

async function post(
  door: Door,
  request: Request<{ form: string }>,
  response: Response,
): Promise<void> {
  const { core } = door;
  const form = formNamed(core, request.params.form);
  const body: unknown = request.body;
  const given = isObject(body) ? body : {};
  const filled = filledIn(form, given);
  const user = userOf(response).name;
  const id = submissionOf(core, form.name, user, given["_submission"]);
  // Shown to somebody else, or before the key of this installation was changed: nothing is lost, it is shown again.
  if (id === undefined) return show(door, { request, response }, form, { filled });
  const token = String(given["_submission"]);
  const ground = await groundOf(door, response);
  if (given["_do"] === "read") {
    const read = await prefillForm(ground, form, filled);
    return show(door, { request, response }, form, {
      filled: { ...filled, ...read },
      read: new Set(Object.keys(read)),
      token,
    });
  }
  const tongue = tongueOf(request);
  const end = await submitForm(ground, form, { filled, tongue, user, id });
  if ("faults" in end)
    return show(door, { request, response }, form, { filled, faults: end.faults, token });
  return response.redirect(
    303,
    `/forms/${encodeURIComponent(form.name)}/sent/${id}?lang=${tongue}`,
  );
}

async function sent(
  { core }: Door,
  request: Request<{ form: string; submission: string }>,
  response: Response,
): Promise<void> {
  const tongue = tongueOf(request);
  const form = formNamed(core, request.params.form);
  const { key, url } = await ticketSoon(core, `form:${form.name}:${request.params.submission}`);
  sendPage(response, {
    title: formWord("sent", tongue),
    tongue,
    other: otherTongue(request),
    home: { href: `/forms?lang=${tongue}`, text: formWord("forms", tongue) },
    body: markup`<div class="card done" role="status">
        <p><strong>${inTongue(form.label, tongue)}</strong></p>
        <p>
          ${typeof key === "string" ? markup`${formWord("ticket", tongue)}: ${ticketLink(key, url)}` : formWord("later", tongue)}
        </p>
      </div>
      <p>
        <a href="/forms/${encodeURIComponent(form.name)}?lang=${tongue}"
          >${formWord("more", tongue)}</a
        >
      </p>`,
  });
}

function ticketLink(key: string, url: unknown): Html {
  return typeof url === "string" && /^https?:\/\//.test(url)
    ? markup`<a href="${url}">${key}</a>`
    : markup`<strong>${key}</strong>`;
}

function list({ core }: Door, request: Request, response: Response): void {
  const tongue = tongueOf(request);
  const forms = [...presentForms(core).values()];
  const items = forms.map(
    ({ name, label, description }) =>
      markup`<li>
        <a href="/forms/${encodeURIComponent(name)}?lang=${tongue}">${inTongue(label, tongue)}</a>${
          description === undefined ? nothing : markup`<p>${inTongue(description, tongue)}</p>`
        }
      </li>`,
  );
  sendPage(response, {
    title: formWord("forms", tongue),
    tongue,
    other: otherTongue(request),
    body:
      forms.length === 0
        ? markup`<p>${formWord("none", tongue)}</p>`
        : markup`<p class="lead">${formWord("lead", tongue)}</p>
            <ul class="cards">
              ${items}
            </ul>`,
  });
}

/** Below `/forms`, behind the pages' sign-in. */
export function formPageRoutes(door: Door, inventory: InventoryViews): Routes {
  const router = new Routes();
  router.router.use(guard(door), lending(inventory));
  const bodies = urlencoded({ extended: false, limit: "200kb" });
  router.get("/", "form_list", (request, response) => list(door, request, response));
  router.get("/:form", "form_view", async (request, response) => {
    const form = formNamed(door.core, request.params.form);
    await show(door, { request, response }, form, { filled: initially(form, request) });
  });
  router.post("/:form", "form_submit", bodies, (request, response) =>
    post(door, request, response),
  );
  router.get("/:form/sent/:submission", "form_view", (request, response) =>
    sent(door, request, response),
  );
  const faults: ErrorRequestHandler = pageFaults;
  router.router.use(faults);
  return router;
}
