/** Signing in for the door's pages, their style and script, and what they say when something is refused. */
import { type ErrorRequestHandler, urlencoded, type Request, type Response } from "express";
import { isObject } from "../model/json.ts";
import type { Tongue } from "../runbooks/document.ts";
import { origins } from "./addresses.ts";
import { keepToken } from "./cookies.ts";
import { assertNotLed } from "./guard.ts";
import type { Door } from "./door.ts";
import { faultOf } from "./faults.ts";
import { markup, nothing, sendPage, tongueOf } from "./page.ts";
import { formJs, pageCss } from "./page-assets.ts";
import { Routes } from "./routes.ts";

const words = {
  signIn: { ja: "サインイン", en: "Sign in" },
  name: { ja: "ユーザー名", en: "User name" },
  password: { ja: "パスワード", en: "Password" },
  wrong: {
    ja: "ユーザー名かパスワードが違います。",
    en: "The user name or the password is wrong.",
  },
  often: {
    ja: "失敗が続きました。しばらくしてからもう一度お試しください。",
    en: "Too many failed attempts. Try again later.",
  },
  elsewhere: { ja: "会社のアカウントでサインイン", en: "Sign in with the company's account" },
  refused: { ja: "できませんでした", en: "This cannot be done" },
  back: { ja: "戻る", en: "Back" },
} as const satisfies Record<string, Record<Tongue, string>>;

/** Only places of our own. */
function placeIn(value: unknown): string {
  return typeof value === "string" && /^\/(?![/\\])[\w\-./?=&%~]*$/.test(value) ? value : "/forms";
}

function signInPage(
  { issuer }: Door,
  request: Request,
  response: Response,
  { back, fault }: { readonly back: string; readonly fault?: "wrong" | "often" },
): void {
  const tongue = tongueOf(request);
  const other = new URLSearchParams({ lang: tongue === "ja" ? "en" : "ja", back });
  const facts = {
    title: words.signIn[tongue],
    tongue,
    other: `/forms/sign-in?${String(other)}`,
    body: markup`${fault === undefined ? nothing : markup`<div class="faults" role="alert">${words[fault][tongue]}</div>`}
      <form class="card" method="post" action="/forms/sign-in?lang=${tongue}">
        <input type="hidden" name="back" value="${back}" />
        <div class="field">
          <label for="name">${words.name[tongue]}</label
          ><input id="name" name="name" autocomplete="username" required />
        </div>
        <div class="field">
          <label for="password">${words.password[tongue]}</label
          ><input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
        </div>
        <div class="buttons"><button>${words.signIn[tongue]}</button></div>
      </form>
      ${issuer === undefined ? nothing : markup`<p><a href="/auth/v1/sso/request?back=${encodeURIComponent(back)}">${words.elsewhere[tongue]}</a></p>`}`,
  };
  sendPage(response, facts, fault === undefined ? 200 : fault === "often" ? 429 : 401);
}

/** Below `/forms`, before the guard: nobody needs to be known. */
export function pageSignInRoutes(door: Door): Routes {
  const router = new Routes();
  const from = origins(door.signIn);
  router.get("/assets/page.css", "anyone", (_request, response) => {
    response.setHeader("Cache-Control", "public, max-age=300").type("css").send(pageCss);
  });
  router.get("/assets/form.js", "anyone", (_request, response) => {
    response.setHeader("Cache-Control", "public, max-age=300").type("js").send(formJs);
  });
  router.get("/sign-in", "anyone", (request, response) =>
    signInPage(door, request, response, { back: placeIn(request.query["back"]) }),
  );
  const bodies = urlencoded({ extended: false, limit: "10kb" });
  router.post("/sign-in", "anyone", bodies, async (request, response) => {
    assertNotLed(request);
    const body: unknown = request.body;
    const { name, password, back } = isObject(body) ? body : {};
    const end = await door.desk.signIn({
      name: typeof name === "string" ? name : "",
      password: typeof password === "string" ? password : "",
      address: from.clientOf(request),
      ttlSeconds: door.tokenTtl,
    });
    const place = placeIn(back);
    if (end.kind !== "in")
      return signInPage(door, request, response, {
        back: place,
        fault: end.kind === "wrong" ? "wrong" : "often",
      });
    response.locals["account"] = end.issued.user;
    keepToken(response, end.issued, from.isSecure(request));
    return response.redirect(303, place);
  });
  router.router.use(pageFaults);
  return router;
}

/** Errors as pages; who is not signed in is asked to, and comes back. */
export const pageFaults: ErrorRequestHandler = (
  error: unknown,
  request: Request,
  response: Response,
  next,
) => {
  const { status, message } = faultOf(error);
  if (status === 500 || response.headersSent) return next(error);
  const tongue = tongueOf(request);
  if (status === 401 && request.method === "GET") {
    const query = new URLSearchParams({ lang: tongue, back: placeIn(request.originalUrl) });
    return response.redirect(303, `/forms/sign-in?${String(query)}`);
  }
  const facts = {
    title: words.refused[tongue],
    tongue,
    other: `/forms?lang=${tongue === "ja" ? "en" : "ja"}`,
    body: markup`<div class="faults" role="alert">${message}</div>
      <p><a href="/forms?lang=${tongue}">${words.back[tongue]}</a></p>`,
  };
  return sendPage(response, facts, status);
};
