/** `/api/v2/alerts`: one per alert identity and calendar day; silences, groups, and the messages they were made of. */
import type { Response } from "express";
import type { JsonObject } from "../model/json.ts";
import { bodyOf } from "./bodies.ts";
import type { MessageFilter } from "../store/alert-messages.ts";
import type { Door } from "./door.ts";
import { userOf } from "./guard.ts";
import { flag, paging, text, time } from "./query.ts";
import { Routes } from "./routes.ts";

export function alertRoutes({ core, alerts }: Pick<Door, "core" | "alerts">): Routes {
  const router = new Routes();
  router.about({
    summary: "Alerts, the latest first",
    query: {
      day: "Calendar day, YYYY-MM-DD",
      status: "open, acked or resolved",
      source: "The monitor",
      host: "The host as the monitor writes it",
      urgency: "immediate or business_day",
      ticket: "The ticket, by the tracker's key, or our id while it has none",
      held: "true: only those that are not told now",
    },
  });
  router.get("/alerts", "alert_list", async (request, response) => {
    const { day, status, source, host, urgency, ticket } = request.query;
    const filter = {
      day: text(day),
      status: text(status),
      source: text(source),
      host: text(host),
      urgency: text(urgency),
      ticket: text(ticket),
      held: flag(request, "held"),
    };
    response.json({ items: await alerts.list(filter, paging(request)) });
  });
  router.get("/alerts/groups", "alert_list", async (request, response) => {
    response.json({ items: await alerts.groups(paging(request)) });
  });
  silenceRoutes(router, { core, alerts });
  messageRoutes(router, { core, alerts });
  router.get("/alerts/:id", "alert_list", async (request, response) => {
    response.json(await alerts.get(request.params.id));
  });
  for (const [verb, path] of [
    ["acknowledge", "/alerts/:id/acknowledge"],
    ["resolve", "/alerts/:id/resolve"],
  ] as const)
    router.post(path, "alert_all", async (request, response) => {
      const { id } = request.params;
      const comment = bodyOf(request)["comment"];
      const doing = {
        by: userOf(response).name,
        comment: typeof comment === "string" ? comment : "",
        key: core.newId(),
      };
      response.json(await alerts[verb](id, doing));
    });
  return router;
}

function silenceRoutes(router: Routes, { core, alerts }: Pick<Door, "core" | "alerts">): void {
  router.about({ summary: "Silences", query: { ended: "true: also those that are over" } });
  router.get("/alerts/silences", "alert_list", async (request, response) => {
    const ended = flag(request, "ended") === true;
    response.json({ items: await alerts.silences(ended, paging(request)) });
  });
  router.about({
    summary: "Silence alerts that fit the conditions for a time",
    body: {
      type: "object",
      properties: {
        match: { type: "object", description: "Conditions, as in alerts/*.yaml." },
        starts_at: { type: "string", description: "Now when left out." },
        ends_at: { type: "string" },
        for: { type: "string", description: "Instead of ends_at: 30m, 2h, 1d." },
        comment: { type: "string" },
      },
      required: ["match", "comment"],
    },
  });
  router.post("/alerts/silences", "alert_all", async (request, response) => {
    const by = { by: userOf(response).name, id: core.newId() };
    response.status(201).json(await alerts.addSilence(bodyOf(request), by));
  });
  router.delete("/alerts/silences/:id", "alert_all", async (request, response) => {
    response.json(await alerts.expireSilence(request.params.id));
  });
}

function messageRoutes(router: Routes, { core, alerts }: Pick<Door, "core" | "alerts">): void {
  router.about({
    summary: "Messages that were received, the latest first",
    query: { unparsed: "true: only those no parser knows", since: "ISO 8601", until: "ISO 8601" },
  });
  router.get("/alerts/messages", "alert_list", async (request, response) => {
    const filter = filterOf(request.query, flag(request, "unparsed") === true);
    response.json({ items: await alerts.messages(filter, paging(request)) });
  });
  router.about({
    summary: "A message as it came; by its key, or by the raw_ref of an alert",
    query: { raw: "true: the mail itself, message/rfc822" },
  });
  router.get("/alerts/messages/:key", "alert_list", async (request, response) => {
    const { raw, received_at: at, ...message } = await alerts.message(request.params.key);
    if (flag(request, "raw") === true && raw !== null) sendRaw(response, raw);
    else response.json({ ...message, received_at: at.toISOString(), has_raw: raw !== null });
  });
  router.about({
    summary: "Read kept messages again, with the parsers of now",
    body: {
      type: "object",
      properties: {
        message: { type: "string", description: "A key or a raw_ref; else all that fit." },
        unparsed: { type: "boolean" },
        since: { type: "string" },
        until: { type: "string" },
        again: { type: "boolean", description: "Count them once more." },
        dry_run: { type: "boolean", description: "Say what the parsers make of them." },
      },
    },
  });
  router.post("/alerts/replay", "alert_all", async (request, response) => {
    const body = bodyOf(request);
    const { message, again, dry_run: dryRun } = body;
    const asked = {
      message: typeof message === "string" ? message : undefined,
      filter: filterOf(body, body["unparsed"] === true),
    };
    const how = { again: again === true, dryRun: dryRun === true, key: core.newId() };
    response.json(await alerts.replay(asked, how));
  });
}

function sendRaw(response: Response, raw: Buffer): void {
  response.setHeader("Content-Type", "message/rfc822");
  response.setHeader("Content-Disposition", 'attachment; filename="message.eml"');
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.end(raw);
}

function filterOf({ since, until }: JsonObject, unparsed: boolean): MessageFilter {
  const [from, to] = [text(since), text(until)];
  return {
    unparsed,
    since: from === undefined ? undefined : time(from),
    until: to === undefined ? undefined : time(to),
  };
}
