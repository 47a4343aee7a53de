/** Mails as Nagios 4.4.6 on Debian sends them through Postfix. */
import { randomUUID } from "node:crypto";

export interface NagiosMail {
  readonly type?: "PROBLEM" | "RECOVERY";
  readonly host?: string;
  readonly service?: string;
  readonly state?: string;
  readonly info?: string;
  readonly messageId?: string;
  /** Postfix' name of the mail. */
  readonly queueId?: string;
  readonly at?: Date;
  /** Replaces the whole subject. */
  readonly subject?: string;
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function stamps(at: Date): { mail: string; nagios: string } {
  const day = days[at.getUTCDay()];
  const month = months[at.getUTCMonth()];
  const date = two(at.getUTCDate());
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  return {
    mail: `${day}, ${date} ${month} ${at.getUTCFullYear()} ${time} +0000 (UTC)`,
    nagios: `${day} ${month} ${date} ${time} UTC ${at.getUTCFullYear()}`,
  };
}

/** A service notification; every mail has a Message-Id of its own unless one is given. */
export function nagiosMail(facts: NagiosMail = {}): string {
  const { host = "web01.auction", service = "HTTP", queueId = "D1C751CA075" } = facts;
  const { type = "PROBLEM", messageId = `${randomUUID()}@mx.example.jp`, at = new Date() } = facts;
  const usual = usually[type];
  const { state = usual.state, info = usual.info } = facts;
  const subject = facts.subject ?? `** ${type} Service Alert: ${host}/${service} is ${state} **`;
  const { mail, nagios } = stamps(at);
  return `Return-Path: <nagios@mx.example.jp>
X-Original-To: sys-alert@example.jp
Delivered-To: sys-alert@example.jp
Received: by mx.example.jp (Postfix, from userid 113)
	id ${queueId}; ${mail}
To: sys-alert@example.jp
Subject: ${subject}
MIME-Version: 1.0
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: 8bit
Message-Id: <${messageId}>
Date: ${mail}
From: nagios@mx.example.jp

***** Nagios *****

Notification Type: ${type}

Service: ${service}
Host: ${host}
Address: 127.0.0.1
State: ${state}

Date/Time: ${nagios}

Additional Info:

${info}
`;
}

const usually = {
  PROBLEM: {
    state: "CRITICAL",
    info: "connect to address 127.0.0.1 and port 18999: Connection refused",
  },
  RECOVERY: {
    state: "OK",
    info: "HTTP OK: HTTP/1.1 200 OK - 95 bytes in 0.011 second response time",
  },
} as const;
