/** Alerts as `alert.receive` leaves them, written straight into the ledger: a night of thousands of mails in a second. */
import pg from "pg";

export interface AlertSeed {
  readonly fingerprint: string;
  readonly day: string;
  /** ISO 8601, oldest first. */
  readonly times: readonly string[];
  readonly document?: Readonly<Record<string, unknown>>;
}

/** The alert came again: it was counted so often by now. */
export async function countAlert(url: string, fingerprint: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("update alert set count = $2, last_at = now() where fingerprint = $1", [
      fingerprint,
      count,
    ]);
  } finally {
    await client.end();
  }
}

export async function writeAlerts(url: string, alerts: readonly AlertSeed[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const rows = alerts.map(({ fingerprint, day, times, document }) => ({
      fingerprint,
      day,
      count: times.length,
      first_at: times[0],
      last_at: times.at(-1),
      document: {
        source: "nagios",
        class: "service",
        status: "firing",
        severity: "warning",
        urgency: "business_day",
        host_raw: "web01.auction",
        service: "DISK",
        summary: `DISK on ${fingerprint} is WARNING`,
        detail: "/var 91%",
        occurred_at: times[0],
        fingerprint,
        owner: null,
        ...document,
      },
    }));
    await client.query(
      `insert into alert (fingerprint, day, count, status, document, first_at, last_at)
       select fingerprint, day, count, 'open', document, first_at, last_at from jsonb_to_recordset($1::jsonb)
         as r(fingerprint text, day text, count int, document jsonb, first_at timestamptz, last_at timestamptz)`,
      [JSON.stringify(rows)],
    );
    const occurrences = alerts.flatMap(({ fingerprint, day, times }) =>
      times.map((time, index) => ({
        message_key: `${fingerprint}/${day}/${index}`,
        fingerprint,
        day,
        effect: index === 0 ? "firing" : "repeated",
        document: { occurred_at: time },
      })),
    );
    await client.query(
      `insert into alert_occurrence (message_key, fingerprint, day, effect, document)
       select message_key, fingerprint, day, effect, document from jsonb_to_recordset($1::jsonb)
         as r(message_key text, fingerprint text, day text, effect text, document jsonb)`,
      [JSON.stringify(occurrences)],
    );
  } finally {
    await client.end();
  }
}
