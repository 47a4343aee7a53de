/** Actions and inquiries. */
import {
  button,
  ended,
  box,
  choice,
  newest,
  open,
  part,
  same,
  start,
  type Step,
  told,
} from "./visit.ts";

const run: Step = [
  "run an action with its form",
  async (visit) => {
    const { page } = visit;
    await open(visit, "/actions/shop.count");
    const form = part(page, "action_parameters");
    await part(form, "field:word").fill("form");
    await part(form, "field:last").fill("3");
    await choice(form, "mood").selectOption("hasty");
    await box(form, "twice").click();
    await part(form, "field:password").fill("hidden");
    await part(page, "run_submit").click();
    const text = await told(page, /executed|scheduled|success/i);
    const { id } = await newest(visit, "shop.count");
    const { parameters } = await ended(visit, id);
    const { word, last, mood, twice, password } = parameters;
    same("parameters", [word, last, mood, twice, password], ["form", 3, "hasty", true, "********"]);
    return `text, number, choice, box, secret; "${text}"`;
  },
];

const look: Step = [
  "actions looked at",
  async (visit) => {
    const { page } = visit;
    await open(visit, "/actions");
    await part(page, "pack:shop").waitFor();
    await part(page, "toggle-all").click();
    await part(page, "action:shop.count").waitFor();
    const count = await page.locator("[data-test~=action]").count();
    await part(page, "filter").fill("shop.count");
    await part(page, "action:shop.approve").waitFor({ state: "detached" });
    await part(page, "action:shop.count").click();
    for (const section of ["executions", "code", "entrypoint"])
      await part(page, `switch:${section}`).click();
    await page.getByText("while [").first().waitFor();
    return `${count} in their packs, filtered; executions, code and entry point of one`;
  },
];

const clone: Step = [
  "action cloned and deleted",
  async (visit) => {
    const { page, raicho } = visit;
    await open(visit, "/actions/shop.count");
    await button(page, "Clone").click();
    const dialog = page.locator("#overlay");
    await dialog.locator("textarea, input[type=text]").first().fill("counted");
    await button(dialog, "Submit").click();
    await told(page, /cloned/i);
    same("the copy", (await raicho.ask("/api/v1/actions/shop.counted")).status, 200);
    await open(visit, "/actions/shop.counted");
    await button(page, "Delete").click();
    await button(page.locator("#delete"), "Submit").click();
    const text = await told(page, /deleted|removed/i);
    same("afterwards", (await raicho.ask("/api/v1/actions/shop.counted")).status, 404);
    return `"${text}"`;
  },
];

const inquiry: Step = [
  "inquiry answered",
  async (visit) => {
    const { page } = visit;
    const id = await start(visit, "shop.approve");
    await ended(visit, id, "paused");
    await open(visit, "/inquiry");
    await page.locator("[data-test~=inquiry]").first().click();
    const form = part(page, "inquiry_parameters");
    await part(form, "field:reason").fill("because");
    await box(form, "sure").click();
    await part(page, "run_response").click();
    const text = await told(page, /responded/i);
    const { result } = await ended(visit, id);
    same("the workflow", (result as { output: unknown }).output, { answer: "because" });
    return `the workflow goes on with the answer; "${text}"`;
  },
];

export const actionVisits: readonly Step[] = [run, look, clone, inquiry];
