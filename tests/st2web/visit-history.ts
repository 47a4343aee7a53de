/** Signing in, and the history. */
import { adminPassword } from "../support/raicho.ts";
import { button, ended, open, part, start, type Step, told, newest } from "./visit.ts";

const logIn: Step = [
  "log in",
  async ({ page, url }) => {
    await page.goto(url);
    const form = part(page, "login");
    await form.locator("[name=username]").fill("admin");
    await form.locator("[name=password]").fill(adminPassword);
    await form.locator("[type=submit]").click();
    await part(page, "history_panel").waitFor();
    return "with user and password; the history opens";
  },
];

const liveRows: Step = [
  "history with live rows",
  async (visit) => {
    const { page } = visit;
    await open(visit, "/history");
    await part(page, "history_panel").waitFor();
    const id = await start(visit, "shop.count", { word: "live", last: 4 });
    const row = part(page, `execution:${id}`);
    await row.waitFor();
    await row.getByText("Running").waitFor();
    await row.getByText("Succeeded").waitFor();
    return "a row appears while it runs, and turns to succeeded, without asking again";
  },
];

const filters: Step = [
  "history filtered",
  async (visit) => {
    const { page } = visit;
    await ended(visit, await start(visit, "core.noop"));
    await open(visit, "/history?action=core.noop");
    await page.locator("[data-test~=execution]").first().waitFor();
    const shown = await page.locator("[data-test~=execution]").allInnerTexts();
    if (shown.some((row) => !row.includes("core.noop"))) throw new Error(shown.join(" | "));
    return `by an action: ${shown.length} rows, all of it`;
  },
];

const tree: Step = [
  "workflow tree",
  async (visit) => {
    const { page } = visit;
    const id = await start(visit, "shop.deliver");
    await ended(visit, id);
    await open(visit, "/history");
    await part(page, `execution:${id}`).locator("i[class*=chevron]").click();
    const children = page.locator(".st2-history-child [data-test~=execution]");
    await children.nth(1).waitFor();
    const texts = (await children.allInnerTexts()).join(" ");
    if (!/pack_up/.test(texts) || !/send/.test(texts)) throw new Error(texts);
    return "unfolded: its two tasks with their names";
  },
];

const rerun: Step = [
  "re-run",
  async (visit) => {
    const { page } = visit;
    const id = await start(visit, "shop.count", { word: "first", last: 1 });
    await ended(visit, id);
    await open(visit, `/history/${id}`);
    await part(page, "rerun_button").click();
    const popup = part(page, "rerun_popup");
    await part(popup, "field:word").fill("second");
    await part(popup, "rerun_submit").click();
    const text = await told(page, /re-?run|executed|scheduled|success/i);
    const { id: again } = await newest(visit, "shop.count");
    const { parameters, context } = await ended(visit, again);
    if (again === id || parameters["word"] !== "second" || context["re-run"] === undefined)
      throw new Error(JSON.stringify({ parameters, context }));
    return `with a changed parameter; "${text}"`;
  },
];

const output: Step = [
  "live output",
  async (visit) => {
    const { page } = visit;
    const id = await start(visit, "shop.count", { word: "hello", last: 5 });
    await open(visit, `/code/live/${id}`);
    await page.getByText("hello 2").first().waitFor();
    const early = (await page.locator("body").innerText()).includes("hello 5");
    await page.getByText("hello 5").first().waitFor();
    if (early) throw new Error("everything was there at once");
    await ended(visit, id);
    return "line by line while it runs";
  },
];

const cancel: Step = [
  "cancel",
  async (visit) => {
    const { page } = visit;
    const id = await start(visit, "shop.count", { word: "long", last: 300 });
    await ended(visit, id, "running");
    await open(visit, `/history/${id}`);
    await button(page, "Cancel").click();
    await ended(visit, id, "canceled");
    await part(part(page, "details"), "status")
      .getByText(/canceled/i)
      .waitFor();
    return "a running action; the details turn to canceled";
  },
];

const ruleOrigin: Step = [
  "history of a rule",
  async (visit) => {
    const { page } = visit;
    await open(visit, "/history?rule=shop.ticked");
    const row = page.locator("[data-test~=execution]").first();
    await row.getByText("shop.tick", { exact: true }).waitFor();
    await row.click();
    const details = part(page, "details");
    await details.getByText("shop.ticked").first().waitFor();
    await details.getByText("tick 1").first().waitFor();
    await part(page, "switch:code").click();
    await part(page, "execution_code").waitFor();
    return "rule and trigger in the row; output in the details; its code";
  },
];

export const historyVisits: readonly Step[] = [
  logIn,
  liveRows,
  filters,
  tree,
  rerun,
  output,
  cancel,
  ruleOrigin,
];
