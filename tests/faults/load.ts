/** Load through the front doors: webhooks, mails and changes of the inventory. Each delivery has an identity and is repeated, under the same, until it is answered for:
 * so do the senders of the field. What was not answered for counts for nothing; what was has to be found later. */
import { setTimeout as delay } from "node:timers/promises";
import { deliver } from "../support/smtp-client.ts";
import { ask, isGood, type Reply } from "./ask.ts";
import type { Site } from "./site.ts";

export interface Sent {
  /** Names of the deliveries that were answered with 2xx or 250. */
  readonly acknowledged: string[];
  /** Answers that were none, or 429 and 503, after which the delivery was repeated. */
  refusals: number;
  /** Answers that nobody may get, e.g. 500. */
  readonly odd: string[];
}

export function nothingSent(): Sent {
  return { acknowledged: [], refusals: 0, odd: [] };
}

const patience = new Set([0, 429, 503]);

/** Delivers until it is answered for. Rejects when it is refused for good, and when the site closes. */
export async function insist(
  { over }: Site,
  { sent, name }: { sent: Sent; name: string },
  once: () => Promise<number>,
): Promise<void> {
  for (;;) {
    over.throwIfAborted();
    const status = await once();
    if (status >= 200 && status < 300) {
      sent.acknowledged.push(name);
      return;
    }
    sent.refusals += 1;
    if (!patience.has(status)) sent.odd.push(`${name}: ${status}`);
    if (sent.odd.length > 50) throw new Error(`odd answers: ${sent.odd.slice(0, 5).join(", ")}`);
    await delay(50 + (sent.refusals % 7) * 30);
  }
}

/** Deliveries go to all doors alike. */
export function turnOf(name: string): number {
  return Buffer.from(name).reduce((sum, byte) => sum + byte, 0);
}

export function webhook(site: Site, sent: Sent, hook: string, name: string): Promise<void> {
  let turn = turnOf(name);
  return insist(site, { sent, name }, async () => {
    const door = site.doors[turn++ % site.doors.length];
    const reply = await ask(`${door}/v1/webhooks/${hook}`, {
      method: "POST",
      body: { n: name },
      token: site.token,
      headers: { "webhook-id": `${hook}-${name}` },
      timeoutMs: 15_000,
    });
    return isGood(reply) ? 202 : reply.status;
  });
}

export function mail(site: Site, sent: Sent, name: string): Promise<void> {
  const text = `From: faults@example.jp\nTo: sys-alert@example.jp\nMessage-Id: <${name}@faults>\nSubject: ${name}\n\nbody of ${name}\n`;
  let turn = turnOf(name);
  return insist(site, { sent, name }, async () => {
    const server = site.smtp[turn++ % site.smtp.length] ?? { host: "127.0.0.1", port: 0 };
    try {
      const answer = await Promise.race([
        deliver(server, text),
        delay(15_000).then(() => ({ code: 0 })),
      ]);
      // 421 and 4xx: try again later.
      return answer.code === 250 ? 250 : answer.code < 500 ? 0 : answer.code;
    } catch {
      return 0;
    }
  });
}

/** One change of an entry. The next may only follow when this one was answered for. */
export function change(site: Site, sent: Sent, entry: string, name: string): Promise<void> {
  let turn = turnOf(name);
  return insist(site, { sent, name }, () =>
    tell(site, turn++, { path: "upsert", items: [{ code: entry, note: name }] }),
  );
}

/** A new entry, and a source that says something else of it: one changeset and one difference. */
export function news(site: Site, sent: Sent, name: string): Promise<void> {
  let turn = turnOf(name);
  return insist(site, { sent, name }, async () => {
    const made = { path: "upsert", items: [{ code: name }], about: { reason: name } };
    const status = await tell(site, turn++, made);
    if (status !== 200) return status;
    const said = { path: "claims", items: [{ code: name, title: "elsewhere" }] };
    return tell(site, turn++, { ...said, about: { source: "faults" } });
  });
}

/** The same by the entry's id: a change goes through the writer of single entries, as people's do. */
export function edit(site: Site, sent: Sent, id: string, name: string): Promise<void> {
  let turn = turnOf(name);
  return insist(site, { sent, name }, async () => {
    const door = site.doors[turn++ % site.doors.length];
    const reply = await ask(`${door}/api/v2/inventory/entries/${id}`, edited(site, name));
    return reply.status;
  });
}

function edited({ token }: Site, name: string) {
  return { method: "PATCH", body: { attributes: { note: name } }, token } as const;
}

/** `/api/v2` tells the code, StackStorm's API the sentence. */
const stillRunning = /IDEMPOTENCY_RUNNING|is still worked on/;
const unanswered = /IDEMPOTENCY_UNANSWERED|ended before it answered/;

/** What an answer says to who asks again under the same key. */
function keyedStatus({ status, text }: Reply): number {
  if (status !== 409) return status;
  if (stillRunning.test(text)) return 0;
  return unanswered.test(text) ? 200 : status;
}

/** An edit under a key of its own. */
export function keyedEdit(site: Site, sent: Sent, id: string, name: string): Promise<void> {
  let turn = turnOf(name);
  const headers = { "idempotency-key": name };
  return insist(site, { sent, name }, async () => {
    const door = site.doors[turn++ % site.doors.length];
    const asked = { ...edited(site, name), headers };
    return keyedStatus(await ask(`${door}/api/v2/inventory/entries/${id}`, asked));
  });
}

/** An execution that is asked for under a key of its own. */
export function execution(site: Site, sent: Sent, name: string): Promise<void> {
  let turn = turnOf(name);
  return insist(site, { sent, name }, async () => {
    const door = site.doors[turn++ % site.doors.length];
    const reply = await ask(`${door}/v1/executions`, {
      method: "POST",
      body: { action: "faults.effect", parameters: { body: name } },
      token: site.token,
      headers: { "idempotency-key": name },
    });
    return keyedStatus(reply);
  });
}

/** Makes an entry that can be edited; gives its id. */
export async function editable(site: Site, entry: string): Promise<string> {
  const items = [{ type: "Role", set: { code: entry, note: "begin" } }];
  const reply = await ask(`${site.doors[0]}/api/v2/inventory/upsert`, {
    method: "POST",
    body: { items },
    token: site.token,
  });
  const { results } = JSON.parse(reply.text) as { results?: readonly { readonly id?: string }[] };
  const id = results?.[0]?.id;
  if (id === undefined) throw new Error(`no entry: ${reply.status} ${reply.text}`);
  return id;
}

interface Told {
  readonly path: string;
  readonly items: readonly object[];
  readonly about?: object;
}

const done = new Set(["created", "updated", "unchanged", "observed"]);

/** Tells the inventory of roles; 422 when it took the request but not what it says. */
async function tell(site: Site, turn: number, { path, items, about }: Told): Promise<number> {
  const door = site.doors[turn % site.doors.length];
  const reply = await ask(`${door}/api/v2/inventory/${path}`, {
    method: "POST",
    body: { ...about, items: items.map((set) => ({ type: "Role", set })) },
    token: site.token,
  });
  if (!isGood(reply)) return reply.status;
  const { results }: { results: readonly { result: string }[] } = JSON.parse(reply.text);
  return results.every(({ result }) => done.has(result)) ? 200 : 422;
}

/** Carries out all tasks, so many at a time. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next())
      await work(next.value);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
