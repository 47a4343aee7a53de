/** Records of one configured zone: asking for them and changing them, signed. */
import { ActionFailed } from "raicho/pack";
import { exchange, type Address } from "./exchange.ts";
import {
  queryMessage,
  rcodeName,
  updateMessage,
  type Change,
  type ReadMessage,
} from "./message.ts";
import { normalName } from "./names.ts";
import { encodeData, recordType } from "./record-data.ts";
import { signRequest, tsigKey, verifyAnswer, type TsigKey } from "./tsig.ts";

interface Server {
  readonly host: string;
  readonly port?: number;
  readonly zones: readonly string[];
  readonly key_name?: string;
  readonly algorithm?: string;
  readonly key?: string;
}

export interface Config {
  readonly servers: readonly Server[];
}

export interface RecordName {
  readonly name: string;
  readonly type: string;
  readonly zone: string | null;
}

export interface Target {
  /** Complete, lower-case, without the final dot. */
  readonly name: string;
  readonly type: string;
  readonly typeCode: number;
  readonly zone: string;
  readonly server: Address;
  readonly key: TsigKey | undefined;
}

export interface Value {
  readonly data: string;
  readonly ttl: number;
}

/** Finds the server and zone of a record; fails when none is configured for it. */
export function targetOf(config: Partial<Config>, { name, type, zone }: RecordName): Target {
  const servers = config.servers ?? [];
  if (servers.length === 0)
    throw new ActionFailed(
      "dns_rfc2136 is not configured: set servers in <configs>/dns_rfc2136.yaml, each with host and zones",
    );
  const all = servers.flatMap((server) =>
    server.zones.map((one) => ({ server, zone: normalName(one) })),
  );
  const asked = zone === null || zone.trim() === "" ? undefined : normalName(zone);
  const found = all
    .filter((one) =>
      asked === undefined ? isInside(normalName(name), one.zone) : one.zone === asked,
    )
    .toSorted((left, right) => right.zone.length - left.zone.length)[0];
  if (!found)
    throw new ActionFailed(
      `dns_rfc2136: no server in <configs>/dns_rfc2136.yaml has ${asked === undefined ? `a zone for ${name}` : `the zone ${asked}`}; there are: ${all.map((one) => one.zone).join(", ")}`,
    );
  const { name: typeName, code } = recordType(type);
  return {
    name: completeName(name, found.zone),
    type: typeName,
    typeCode: code,
    zone: found.zone,
    server: { host: found.server.host, port: found.server.port ?? 53 },
    key: keyOf(found.server),
  };
}

function keyOf({
  key_name: name,
  algorithm = "hmac-sha256",
  key,
  host,
}: Server): TsigKey | undefined {
  if (name === undefined && key === undefined) return undefined;
  if (name === undefined || key === undefined)
    throw new ActionFailed(
      `dns_rfc2136: the server ${host} in <configs>/dns_rfc2136.yaml needs both key_name and key, or neither`,
    );
  return tsigKey(name, algorithm, key);
}

function completeName(name: string, zone: string): string {
  const normal = normalName(name);
  if (normal === "@" || normal === "") return zone;
  if (isInside(normal, zone)) return normal;
  if (name.trim().endsWith("."))
    throw new ActionFailed(`dns_rfc2136: ${name} is not inside the zone ${zone}`);
  return `${normal}.${zone}`;
}

function isInside(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** The values of the record at its server, sorted. */
export async function ask(target: Target, signal: AbortSignal): Promise<Value[]> {
  const answer = await request(target, queryMessage(target.name, target.typeCode), signal);
  if (answer.rcode !== 0 && rcodeName(answer.rcode) !== "NXDOMAIN")
    throw new ActionFailed(
      `dns: ${target.server.host} does not answer for ${target.name}: ${rcodeName(answer.rcode)}`,
    );
  const type = recordType(target.type);
  return [...answer.answers, ...answer.authority]
    .filter((record) => record.type === target.typeCode && record.name === target.name)
    .map(({ dataStart, dataEnd, ttl }) => ({
      data: type.decode(answer.bytes, dataStart, dataEnd),
      ttl,
    }))
    .toSorted((left, right) => (left.data < right.data ? -1 : 1));
}

/** Changes the zone, all or nothing. */
export async function update(
  target: Target,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<void> {
  const { rcode } = await request(target, updateMessage(target.zone, changes), signal);
  if (rcode !== 0)
    throw new ActionFailed({
      error: `dns: ${target.server.host} refused the update of ${target.name} in ${target.zone}: ${rcodeName(rcode)}`,
      rcode: rcodeName(rcode),
    });
}

async function request(target: Target, message: Buffer, signal: AbortSignal): Promise<ReadMessage> {
  const { key, server } = target;
  if (!key) return await exchange(message, server, signal);
  const signed = signRequest(message, key, nowSeconds());
  const answer = await exchange(signed.message, server, signal);
  verifyAnswer(answer, signed, key, nowSeconds());
  return answer;
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

/** Values written on lines of their own. */
export function lines(text: string | null): string[] {
  const all = (text ?? "").split("\n").map((line) => line.trim());
  return all.filter((line) => line !== "");
}

/** Whether two texts are the same value of that type: `2001:db8:0::1` is `2001:db8::1`. */
export function sameData(type: string, left: string, right: string): boolean {
  return encodeData(type, left).equals(encodeData(type, right));
}

export function seconds(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 31) return Number(text);
  throw new ActionFailed(`dns: ${name} must be a whole number of seconds, not "${text}"`);
}
