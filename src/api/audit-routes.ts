/** `/api/v2/audit`: who did what. Administrators only; nobody can change it. */
import { listAudit, verifyAudit, type AuditRow } from "../store/audit.ts";
import type { JsonObject } from "../model/json.ts";
import type { Door } from "./door.ts";
import { isoTime } from "./ids.ts";
import { refusal, text, time, wholeNumber } from "./query.ts";
import { Routes } from "./routes.ts";

const most = 1_000;

function view({ at, seq, digest, ...row }: AuditRow): JsonObject {
  return { seq, at: isoTime(at), ...row, digest };
}

function timeOf(value: unknown): Date | undefined {
  const given = text(value);
  return given === undefined ? undefined : time(given);
}

export function auditRoutes({ core, audit }: Door): Routes {
  const { db } = core.database;
  const router = new Routes();
  router.about({
    summary: "Who did what, the newest first",
    query: {
      account: "only what this user did",
      method: "only this method",
      action: "only this route",
      since: "from this time on",
      until: "before this time",
      cursor: "`next` of the page before",
      limit: `rows of a page, up to ${most}`,
    },
  });
  router.get("/audit", "admin", async (request, response) => {
    const { account, method, action, since, until, cursor } = request.query;
    const limit = wholeNumber(request, "limit") ?? 100;
    if (limit < 1 || limit > most) throw refusal(`limit: give a number from 1 to ${most}`);
    const before = text(cursor);
    if (before !== undefined && !/^\d{1,15}$/.test(before))
      throw refusal("cursor: give `next` of the page before");
    await audit.settled();
    const rows = await listAudit(
      db,
      {
        account: text(account),
        method: text(method),
        action: text(action),
        since: timeOf(since),
        until: timeOf(until),
        before: before === undefined ? undefined : Number(before),
      },
      limit,
    );
    const last = rows.at(-1);
    const next = rows.length === limit && last !== undefined ? String(last.seq) : null;
    response.json({ items: rows.map(view), next });
  });
  router.about({ summary: "Whether the audit log is as it was written" });
  router.get("/audit/verify", "admin", async (_request, response) => {
    await audit.settled();
    const { rows, broken } = await verifyAudit(db);
    response.json({
      rows,
      intact: broken === undefined,
      ...(broken === undefined ? {} : { broken }),
    });
  });
  return router;
}
