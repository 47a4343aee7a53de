import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { parse } from "yaml";
import type { DeclarationFile } from "../../src/model/definitions.ts";
import type { AlertMail, CanonicalAlert } from "../../src/alerts/alert.ts";
import { compileParsers } from "../../src/alerts/definition.ts";
import { parseAlerts, type ParsedAlerts } from "../../src/alerts/parse.ts";
import { parseMail } from "../../src/sensors/mail/parse.ts";

const folder = "packs/alert/parsers";

/** One parser file's document as content hands it over. */
export function declaration(name: string, document: unknown): DeclarationFile {
  const source = { file: `${folder}/${name}.yaml`, line: 1, column: 1 };
  return { kind: "alert-parser", pack: "alert", name, document, source };
}

export const shipped = compileParsers(
  readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) =>
      declaration(basename(file, ".yaml"), parse(readFileSync(`${folder}/${file}`, "utf8"))),
    ),
);

export const options = {
  timeZone: "Asia/Tokyo",
  now: new Date("2026-11-21T03:00:00Z"),
  rawRef: "r1",
};

export function read(mail: Partial<AlertMail>): ParsedAlerts {
  const whole = { subject: "", from: "", text: "", ...mail };
  return parseAlerts(shipped.parsers, { kind: "mail", mail: whole }, options);
}

/** Alerts of a genuine mail file. */
export async function readFile(path: string): Promise<ParsedAlerts> {
  const mail = await parseMail(readFileSync(path));
  return parseAlerts(shipped.parsers, { kind: "mail", mail }, options);
}

export function readJson(body: unknown): ParsedAlerts {
  return parseAlerts(shipped.parsers, { kind: "json", body }, options);
}

/** The only alert; fails when there are none or more. */
export function only(parsed: ParsedAlerts): CanonicalAlert {
  if (!("alerts" in parsed)) throw new Error(`unparsed: ${parsed.unparsed}`);
  const [alert, ...more] = parsed.alerts;
  if (alert === undefined || more.length > 0) throw new Error(`${parsed.alerts.length} alerts`);
  return alert;
}
