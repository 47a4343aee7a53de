/** The workflow editor. */
import { eventually } from "../support/eventually.ts";
import {
  button,
  choice,
  ended,
  field,
  newest,
  open,
  part,
  same,
  start,
  type Step,
} from "./visit.ts";

const editor: Step = [
  "workflow editor saved",
  async (visit) => {
    const { page, raicho } = visit;
    await open(visit, "/action/shop.deliver");
    await page.getByText("pack_up").first().waitFor();
    await page.getByText("send").first().waitFor();
    await page.locator("input[placeholder=Library]").fill("core.noop");
    await page.locator(".palette-chevron-icon").click();
    await page
      .locator("[draggable]")
      .getByText("core.noop")
      .dragTo(page.locator(".canvas"), {
        targetPosition: { x: 300, y: 600 },
      });
    await page.getByText("task1").first().waitFor();
    await page.locator(".icon-save").first().click();
    await page.getByText("Workflow saved.").first().waitFor();
    const file = "/api/v1/packs/views/file/shop/actions/workflows/deliver.yaml";
    const text = await eventually("the file", async () => {
      const { body } = await raicho.ask(file);
      return String(body).includes("task1") ? String(body) : undefined;
    });
    same("both old tasks", [/pack_up/.test(text), /send/.test(text)], [true, true]);
    return "graph drawn; a task dragged in; saved to the file of the pack";
  },
];

const runHere: Step = [
  "workflow run from the editor",
  async (visit) => {
    const { page } = visit;
    await open(visit, "/action/shop.deliver");
    await page.getByText("pack_up").first().waitFor();
    await page.locator(".icon-play").first().click();
    await button(page, "Execute Workflow").click();
    await page
      .getByText(/submitted for execution/)
      .first()
      .waitFor();
    const { id } = await newest(visit, "shop.deliver");
    await ended(visit, id);
    await page
      .getByText(/Workflow shop.deliver succeeded/)
      .first()
      .waitFor();
    await open(visit, `/history/${id}`);
    await part(page, "details").getByText("Succeeded").first().waitFor();
    return "with its inputs; the end is told; the history shows it";
  },
];

const create: Step = [
  "workflow created in the editor",
  async (visit) => {
    const { page } = visit;
    await open(visit, "/action/");
    await page.locator("input[placeholder=Library]").fill("core.noop");
    await page.locator(".palette-chevron-icon").click();
    await choice(page.locator(".details"), "Pack").selectOption("shop");
    await field(page.locator(".details"), "Name").fill("fresh");
    await page
      .locator("[draggable]")
      .getByText("core.noop")
      .dragTo(page.locator(".canvas"), {
        targetPosition: { x: 300, y: 300 },
      });
    await page.getByText("task1").first().waitFor();
    await page.locator(".icon-save").first().click();
    await page.getByText("Workflow saved.").first().waitFor();
    await ended(visit, await start(visit, "shop.fresh"));
    return "a new one of one task; it runs";
  },
];

export const workflowVisits: readonly Step[] = [editor, runHere, create];
