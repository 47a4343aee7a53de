/** XMPP (RFC 6120, XEP-0045): STARTTLS where the server has it, SASL PLAIN, and a message whose way through the server is waited for. */
import { randomUUID } from "node:crypto";
import { ActionFailed } from "raicho/pack";
import { Talk } from "./line-talk.ts";
import { needed, type Message, type Target } from "./targets.ts";

export async function sendByXmpp(
  target: Target,
  { text, user }: Message,
  signal: AbortSignal,
): Promise<void> {
  const jid = needed(target, "jid");
  const domain = jid.slice(jid.indexOf("@") + 1);
  const password = needed(target, "password");
  const room = user === undefined ? needed(target, "room") : undefined;
  const place = { host: target.host ?? domain, port: target.port ?? 5222, ca: target.ca };
  const talk = await Talk.open(place, false, signal);
  try {
    await signIn(talk, target, { domain, local: jid.slice(0, jid.indexOf("@")), password });
    if (room === undefined) await sayTo(talk, target, { to: user ?? "", text });
    else await sayIn(talk, target, { room, text });
  } finally {
    talk.close("</stream:stream>");
  }
}

interface Account {
  readonly domain: string;
  readonly local: string;
  readonly password: string;
}

async function signIn(
  talk: Talk,
  target: Target,
  { domain, local, password }: Account,
): Promise<void> {
  let features = await begin(talk, domain);
  if (features.includes("urn:ietf:params:xml:ns:xmpp-tls")) {
    talk.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await talk.hear(/<proceed\b[^>]*>/);
    await talk.secure(domain, target.ca);
    features = await begin(talk, domain);
  } else if (target.tls !== false)
    throw refused(
      target,
      "the server has no TLS; say tls: false if the password may go in the clear",
    );
  if (!/>\s*PLAIN\s*</.test(features))
    throw refused(target, "the server does not take passwords (SASL PLAIN)");
  const token = Buffer.from(`\0${local}\0${password}`).toString("base64");
  talk.say(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${token}</auth>`);
  const [, verdict] = await talk.hear(/<(success|failure)\b[^>]*(?:\/>|>[^]*?<\/\1>)/);
  if (verdict !== "success") throw refused(target, `the server does not let ${local}@${domain} in`);
  await begin(talk, domain);
  talk.say("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  await talk.hear(/<iq\b[^>]*\bid=['"]bind['"][^>]*>/);
}

/** Opens the stream (again) and gives its features. */
async function begin(talk: Talk, domain: string): Promise<string> {
  talk.say(
    `<?xml version='1.0'?><stream:stream to='${escaped(domain)}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
  );
  const [features] = await talk.hear(/<stream:features\b[^>]*(?:\/>|>[^]*?<\/stream:features>)/);
  return features;
}

/** The room sends everybody what was said, us too: then it was. */
async function sayIn(
  talk: Talk,
  target: Target,
  { room, text }: { readonly room: string; readonly text: string },
): Promise<void> {
  const { nick = "raicho" } = target;
  const [self, id] = [escaped(`${room}/${nick}`), randomUUID()];
  talk.say(
    `<presence to='${self}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`,
  );
  const [, error] = await talk.hear(
    /<presence\b[^>]*?(?:\btype=['"](error)['"]|[^]*?<status\b[^>]*\bcode=['"]110['"])/,
  );
  if (error !== undefined) throw refused(target, `the room ${room} does not let us in`);
  talk.say(
    `<message type='groupchat' id='${id}' to='${escaped(room)}'><body>${escaped(text)}</body></message>`,
  );
  await delivered(talk, target, id);
}

async function delivered(talk: Talk, target: Target, id: string): Promise<void> {
  const [tag] = await talk.hear(new RegExp(`<message\\b[^>]*\\bid=['"]${id}['"][^>]*>`));
  if (/\btype=['"]error['"]/.test(tag)) throw refused(target, "the message was sent back");
}

/** Nobody confirms a single message: the answer to a ping sent after it tells that the server has read it. */
async function sayTo(
  talk: Talk,
  target: Target,
  { to, text }: { readonly to: string; readonly text: string },
): Promise<void> {
  const [id, ping] = [randomUUID(), randomUUID()];
  talk.say(
    `<message type='chat' id='${id}' to='${escaped(to)}'><body>${escaped(text)}</body></message>` +
      `<iq type='get' id='${ping}'><ping xmlns='urn:xmpp:ping'/></iq>`,
  );
  const pattern = new RegExp(`<(message|iq)\\b[^>]*\\bid=['"](?:${id}|${ping})['"][^>]*>`);
  const [tag, stanza] = await talk.hear(pattern);
  if (stanza === "message" && /\btype=['"]error['"]/.test(tag))
    throw refused(target, `there is no ${to}`);
}

function refused({ name }: Target, reason: string): ActionFailed {
  return new ActionFailed(`chat: "${name}" (xmpp): ${reason}`);
}

/** Characters that XML does not know are left out. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}/gu, (one) => (/[\t\n\r]/.test(one) ? one : ""))
    .replace(/[\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("'", "&apos;")
    .replaceAll('"', "&quot;");
}
