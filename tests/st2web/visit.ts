/** What the steps have in common. */
import type { Locator, Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import type { Raicho } from "../support/raicho.ts";

export interface Visit {
  readonly page: Page;
  readonly raicho: Raicho;
  /** Where the console is. */
  readonly url: string;
}

/** A name, and what is done; the answer says what was seen. */
export type Step = readonly [name: string, act: (visit: Visit) => Promise<string>];

export interface Execution {
  readonly id: string;
  readonly status: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly action: { readonly ref: string };
}

/** The element of that name in the console's own markup. */
export function part(page: Page | Locator, name: string): Locator {
  return page.locator(`[data-test~="${name}"]`);
}

function line(form: Locator, name: string): Locator {
  return form.locator(".st2-auto-form__line").filter({ hasText: name });
}

/** The choice of that name in a form. */
export function choice(form: Locator, name: string): Locator {
  return line(form, name).locator("select");
}

/** The text of that name in a form that does not name its fields otherwise. */
export function field(form: Locator, name: string): Locator {
  return line(form, name).locator("input, textarea").first();
}

/** The box of that name in a form: what is drawn over the input, which is hidden. */
export function box(form: Locator, name: string): Locator {
  return line(form, name).locator(".st2-auto-form__checkbox-label");
}

/** A button with those words. */
export function button(page: Page | Locator, words: string): Locator {
  return page.locator(`input[value="${words}"], button:text-is("${words}")`).first();
}

/** Opens a place of the console as a link to it does. */
export async function open({ page, url }: Visit, place: string): Promise<void> {
  await page.goto("about:blank");
  await page.goto(`${url}/#${place}`);
}

/** Waits for a notification with those words; answers its text. Throws when there is one of an error instead. `within`: seconds, unless as usual. */
export async function told(page: Page, words: RegExp, within?: number): Promise<string> {
  const note = page.locator(".noty_bar").filter({ hasText: words });
  const bad = page.locator(".noty_type__error");
  await note
    .or(bad)
    .first()
    .waitFor(within === undefined ? {} : { timeout: within * 1_000 });
  const text = (await note.or(bad).first().innerText()).split("\n")[0]?.trim() ?? "";
  if (!words.test(text)) throw new Error(`the console says: ${text}`);
  return text;
}

/** Starts an action past the console. */
export async function start(
  { raicho }: Visit,
  action: string,
  parameters: object = {},
): Promise<string> {
  const { status, body } = await raicho.ask("/api/v1/executions", {
    method: "POST",
    body: { action, parameters },
  });
  if (status !== 201) throw new Error(`${action}: ${status} ${JSON.stringify(body)}`);
  return (body as Execution).id;
}

/** The newest execution of that action. */
export async function newest({ raicho }: Visit, action: string): Promise<Execution> {
  return eventually(`an execution of ${action}`, async () => {
    const [found] = await raicho.get<readonly Execution[]>(
      `/api/v1/executions?action=${action}&limit=1`,
    );
    return found;
  });
}

/** That execution once it has this status. */
export async function ended(
  { raicho }: Visit,
  id: string,
  status = "succeeded",
): Promise<Execution> {
  return eventually(
    `${id} to be ${status}`,
    async () => {
      const found = await raicho.get<Execution>(`/api/v1/executions/${id}`);
      if (found.status !== status) throw new Error(`it is ${found.status}`);
      return found;
    },
    { seconds: 60, everyMs: 100 },
  );
}

/** Throws unless both are the same as JSON. */
export function same(what: string, found: unknown, wanted: unknown): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what}: ${left}, expected ${right}`);
}
