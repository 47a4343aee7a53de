/** Rules, triggers and packs. */
import type { Locator, Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { button, ended, newest, open, part, same, type Step, told } from "./visit.ts";

interface Rule {
  readonly ref: string;
  readonly enabled: boolean;
  readonly action: { readonly ref: string; readonly parameters: Readonly<Record<string, string>> };
}

async function choose(field: Locator, value: string): Promise<void> {
  await field.click();
  await field.fill(value);
  await field.blur();
}

const rules: Step = [
  "rules listed",
  async (visit) => {
    const { page } = visit;
    await open(visit, "/rules");
    await part(page, "rule:shop.ticked").click();
    const details = part(page, "details");
    await part(details, "condition_if").getByText("shop.tick").first().waitFor();
    await part(page, "switch:enforcements").click();
    await details
      .getByText(/succeeded/i)
      .first()
      .waitFor();
    await part(page, "switch:code").click();
    await part(page, "rule_code").waitFor();
    return "with trigger and action; its enforcements; its code";
  },
];

const create: Step = [
  "rule created",
  async (visit) => {
    const { page, raicho } = visit;
    await open(visit, "/rules");
    await part(page, "rule_create_button").click();
    const popup = part(page, "rule_create_popup");
    await part(popup, "field:name").fill("made_here");
    await part(popup, "field:description").fill("Made in the console");
    await choose(part(popup, "field:pack"), "shop");
    await choose(part(popup, "rule_create_trigger_form").locator("input").first(), "shop.tick");
    await choose(part(popup, "rule_create_action_form").locator("input").first(), "core.local");
    await part(popup, "rule_create_action_form")
      .locator("[data-test='field:cmd']")
      .fill("echo made");
    await part(popup, "rule_create_submit").click();
    const text = await told(page, /created/i);
    const rule = await raicho.get<Rule>("/api/v1/rules/shop.made_here");
    same("the rule", [rule.enabled, rule.action.parameters["cmd"]], [true, "echo made"]);
    return `"${text}"`;
  },
];

const edit: Step = [
  "rule edited",
  async (visit) => {
    const { page, raicho } = visit;
    await open(visit, "/rules/shop.made_here");
    await part(page, "edit_button").click();
    await part(part(page, "rule_action_form"), "field:cmd").fill("echo edited");
    await part(page, "save_button").click();
    const text = await told(page, /saved/i);
    const rule = await raicho.get<Rule>("/api/v1/rules/shop.made_here");
    same("the rule", rule.action.parameters["cmd"], "echo edited");
    return `"${text}"`;
  },
];

function toggle(page: Page): Locator {
  return part(page, "details").locator(".st2-forms__switch label").first();
}

const switchRule: Step = [
  "rule toggled",
  async (visit) => {
    const { page, raicho } = visit;
    const becomes = async (enabled: boolean): Promise<void> => {
      await toggle(page).click();
      await eventually(`enabled: ${enabled}`, async () => {
        const rule = await raicho.get<Rule>("/api/v1/rules/shop.made_here");
        return rule.enabled === enabled;
      });
      const word = enabled ? /enabled/i : /disabled/i;
      await part(part(page, "details"), "status")
        .getByText(word)
        .or(part(page, "details").locator(`[class*=${enabled ? "enabled" : "disabled"}]`))
        .first()
        .waitFor();
    };
    await open(visit, "/rules/shop.made_here");
    await becomes(false);
    await becomes(true);
    return "off and on again";
  },
];

const remove: Step = [
  "rule deleted",
  async (visit) => {
    const { page, raicho } = visit;
    await open(visit, "/rules/shop.made_here");
    page.once("dialog", (dialog) => void dialog.accept());
    await part(page, "delete_button").click();
    const text = await told(page, /deleted/i);
    same("afterwards", (await raicho.ask("/api/v1/rules/shop.made_here")).status, 404);
    return `"${text}"`;
  },
];

const triggers: Step = [
  "triggers",
  async (visit) => {
    const { page, raicho } = visit;
    await open(visit, "/triggers");
    await part(page, "trigger:shop.tick").click();
    await part(page, "details").getByText("Which tick").first().waitFor();
    await part(page, "switch:instances").click();
    await part(page, "details")
      .getByText(/processed/i)
      .first()
      .waitFor();
    await part(page, "switch:code").click();
    await part(page, "trigger_code").waitFor();
    await part(page, "switch:general").click();
    for (const enabled of [false, true]) {
      await toggle(page).click();
      await eventually(`the sensor ${enabled ? "on" : "off"}`, async () => {
        const sensor = await raicho.get<Rule>("/api/v1/sensortypes/shop.Clock");
        return sensor.enabled === enabled;
      });
    }
    return "payload, instances, code; its sensor off and on again";
  },
];

const packs: Step = [
  "packs with configuration",
  async (visit) => {
    const { page, raicho } = visit;
    await open(visit, "/packs/shop");
    const form = part(page, "pack_config");
    await part(form, "field:region").fill("Osaka");
    await part(form, "field:retries").fill("7");
    await part(form, "field:password").fill("s3cret");
    await form.locator("[type=submit]").click();
    const text = await told(page, /saved/i);
    const found = await raicho.get<{ values: Readonly<Record<string, unknown>> }>(
      "/api/v1/configs/shop?show_secrets=true",
    );
    const { region, retries, password } = found.values;
    same("the configuration", [region, retries, password], ["Osaka", 7, "s3cret"]);
    await open(visit, "/packs/shop");
    same("shown again", await part(form, "field:region").inputValue(), "Osaka");
    const content = await part(page, "pack_content").innerText();
    if (!/actions/i.test(content)) throw new Error(`its content: ${content}`);
    return `content counted; "${text}"`;
  },
];

const ticks: Step = [
  "the rule of the pack fired",
  async (visit) => {
    const { id } = await newest(visit, "core.local");
    await ended(visit, id);
    return "by its sensor";
  },
];

/** Seconds that the virtual environment of a pack may take. */
const makingEnvironment = 180;

const install: Step = [
  "pack installed and removed",
  async (visit) => {
    const { page, raicho } = visit;
    await open(visit, "/packs/gadget");
    await part(page, "details").getByText("gadget").first().waitFor();
    await button(part(page, "details"), "Install").click();
    await told(page, /scheduled for installation/);
    const text = await told(page, /successfully installed/, makingEnvironment);
    same("the pack", (await raicho.ask("/api/v1/actions/gadget.turn")).status, 200);
    await button(part(page, "details"), "Remove").click();
    await told(page, /successfully removed/, makingEnvironment);
    same("afterwards", (await raicho.ask("/api/v1/actions/gadget.turn")).status, 404);
    return `from an index; "${text}"`;
  },
];

export const contentVisits: readonly Step[] = [
  ticks,
  rules,
  create,
  edit,
  switchRule,
  remove,
  triggers,
  packs,
  install,
];
