/** Reads `auth.yaml`: how people sign in besides accounts of our own. */
import { existsSync, readFileSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import { dirname, resolve } from "node:path";
import { isObject, type JsonObject } from "../model/json.ts";
import {
  defaultSignIn,
  type LdapSettings,
  type OidcSettings,
  type SignInSettings,
} from "../model/sign-in.ts";
import { type Problem, ProblemList, type SourceFile } from "./problems.ts";
import { flagOf, readSource, textOf, textsOf } from "./reading.ts";
import { checkShape, type Field, type Shape } from "./shape.ts";

const text: Field = { shape: { kind: "string" } };
const filled: Field = { shape: { kind: "string", filled: true }, required: true };
const flag: Field = { shape: { kind: "boolean" } };
const texts: Field = { shape: { kind: "list", items: { kind: "string", filled: true } } };

const shape: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    trusted_proxies: texts,
    query_secrets: flag,
    permission_isolation: flag,
    public_url: {
      shape: { kind: "string", pattern: /^https?:\/\/[^/]+$/, expected: "https://host" },
    },
    proxy: {
      shape: {
        kind: "record",
        others: "reject",
        fields: { user_header: text, groups_header: text },
      },
    },
    ldap: {
      shape: {
        kind: "record",
        others: "reject",
        fields: {
          urls: { ...texts, required: true },
          start_tls: flag,
          ca_file: text,
          bind_dn: text,
          bind_password: text,
          bind_password_file: text,
          base: filled,
          user_filter: text,
          user_attribute: text,
          group_base: text,
          group_filter: text,
          group_attribute: text,
          timeout: { shape: { kind: "number", minimum: 1, integer: true } },
        },
      },
    },
    oidc: {
      shape: {
        kind: "record",
        others: "reject",
        fields: {
          issuer: filled,
          client_id: filled,
          client_secret: text,
          client_secret_file: text,
          scopes: text,
          user_claim: text,
          groups_claim: text,
        },
      },
    },
  },
};

interface Place {
  readonly source: SourceFile;
  readonly problems: ProblemList;
  readonly section: string;
}

/** The value of `name`, or the content of the file that `name_file` names, relative to this file. */
function secretOf(section: JsonObject, name: string, place: Place): string | undefined {
  const file = textOf(section, `${name}_file`);
  return file === "" ? textOf(section, name) || undefined : contentOf(file, `${name}_file`, place);
}

function contentOf(file: string, key: string, { source, problems, section }: Place): string {
  try {
    return readFileSync(resolve(dirname(source.file), file), "utf8").trimEnd();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    problems.error(source, [section, key], `cannot be read: ${reason}`);
    return "";
  }
}

function ldapOf(section: JsonObject, place: Place): LdapSettings {
  const urls = textsOf(section, "urls");
  const odd = urls.findIndex((url) => !/^ldaps?:\/\/./.test(url));
  if (odd >= 0)
    place.problems.error(place.source, ["ldap", "urls", odd], "must be ldap://… or ldaps://…");
  const base = textOf(section, "base");
  const ca = textOf(section, "ca_file");
  const { timeout } = section;
  return {
    urls,
    startTls: flagOf(section, "start_tls", false),
    ca: ca === "" ? undefined : contentOf(ca, "ca_file", place),
    bindDn: textOf(section, "bind_dn") || undefined,
    bindPassword: secretOf(section, "bind_password", place) ?? "",
    base,
    userFilter: textOf(section, "user_filter") || "(uid={user})",
    userAttribute: textOf(section, "user_attribute") || "uid",
    groupBase: textOf(section, "group_base") || base,
    groupFilter:
      textOf(section, "group_filter") || "(|(member={dn})(uniqueMember={dn})(memberUid={user}))",
    groupAttribute: textOf(section, "group_attribute") || "cn",
    timeoutSeconds: typeof timeout === "number" ? timeout : 5,
  };
}

function oidcOf(section: JsonObject, place: Place): OidcSettings {
  const issuer = textOf(section, "issuer");
  if (!URL.canParse(issuer) || !/^https?:/.test(issuer))
    place.problems.error(place.source, ["oidc", "issuer"], "must be an address, https://…");
  return {
    issuer,
    clientId: textOf(section, "client_id"),
    clientSecret: secretOf(section, "client_secret", place),
    scopes: textOf(section, "scopes") || "openid profile email",
    userClaim: textOf(section, "user_claim") || "preferred_username",
    groupsClaim: textOf(section, "groups_claim") || "groups",
  };
}

/** Whether an address is among these addresses and networks. Throws for what is neither. */
export function addressList(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/");
    const version = isIP(address);
    if (version === 0) throw new RangeError(`"${entry}" is no address and no network`);
    const family = version === 4 ? "ipv4" : "ipv6";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    // An IPv4 address on a socket that listens to both.
    const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 4 ? "ipv4" : "ipv6");
  };
}

/** Reads the file; without one there are only accounts of our own. Problems mean that it must not be used: half of it would let in whom nobody meant. */
export async function readSignIn(file: string): Promise<{
  readonly settings: SignInSettings;
  readonly problems: readonly Problem[];
}> {
  const problems = new ProblemList();
  if (!existsSync(file)) return { settings: defaultSignIn, problems: [] };
  const source = await readSource(file, "", problems);
  const document = source?.yaml.value;
  if (
    source === undefined ||
    !checkShape(shape, document, { source, path: [] }, problems) ||
    !isObject(document)
  )
    return { settings: defaultSignIn, problems: problems.problems };
  return { settings: settingsOf(source, document, problems), problems: problems.problems };
}

function settingsOf(
  source: SourceFile,
  document: JsonObject,
  problems: ProblemList,
): SignInSettings {
  const trustedProxies = textsOf(document, "trusted_proxies");
  try {
    addressList(trustedProxies);
  } catch (error) {
    problems.error(source, ["trusted_proxies"], error instanceof Error ? error.message : "");
  }
  const { proxy, ldap, oidc } = document;
  if (isObject(proxy) && trustedProxies.length === 0)
    problems.error(source, ["proxy"], "needs trusted_proxies: whose headers are believed");
  const at = (section: string): Place => ({ source, problems, section });
  return {
    trustedProxies,
    proxy: isObject(proxy) ? proxyOf(proxy) : undefined,
    querySecrets: flagOf(document, "query_secrets", true),
    publicUrl: textOf(document, "public_url") || undefined,
    ldap: isObject(ldap) ? ldapOf(ldap, at("ldap")) : undefined,
    oidc: isObject(oidc) ? oidcOf(oidc, at("oidc")) : undefined,
    isolation: flagOf(document, "permission_isolation", false),
  };
}

function proxyOf(section: JsonObject): SignInSettings["proxy"] {
  return {
    userHeader: (textOf(section, "user_header") || "remote-user").toLowerCase(),
    groupsHeader: (textOf(section, "groups_header") || "remote-groups").toLowerCase(),
  };
}
