/** Signing in by LDAP: find the entry by name, prove the password by binding as that entry, read its groups. */
import { Client, InvalidCredentialsError } from "ldapts";
import type { Directory, LdapSettings, RemoteUser } from "../model/sign-in.ts";

const special: readonly (readonly [sign: string, escaped: string])[] = [
  ["\\", String.raw`\5c`],
  ["*", String.raw`\2a`],
  ["(", String.raw`\28`],
  [")", String.raw`\29`],
  ["\0", String.raw`\00`],
];

/** As RFC 4515 wants values in filters. */
export function escapeFilter(value: string): string {
  return special.reduce((text, [sign, escaped]) => text.replaceAll(sign, escaped), value);
}

function filled(filter: string, values: Readonly<Record<string, string>>): string {
  return filter.replaceAll(/\{(user|dn)\}/g, (_all, name: string) =>
    escapeFilter(values[name] ?? ""),
  );
}

function texts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((each) => typeof each === "string");
}

async function connected<Value>(
  { urls, startTls, ca, timeoutSeconds }: LdapSettings,
  work: (client: Client) => Promise<Value>,
): Promise<Value> {
  let last: unknown;
  for (const url of urls) {
    const tls = ca === undefined ? {} : { ca };
    const timeout = timeoutSeconds * 1_000;
    const client = new Client({
      url,
      timeout,
      connectTimeout: timeout,
      ...(url.startsWith("ldaps:") ? { tlsOptions: tls } : {}),
    });
    try {
      if (startTls) await client.startTLS(tls);
      return await work(client);
    } catch (error) {
      if (error instanceof InvalidCredentialsError) throw error;
      last = error;
    } finally {
      await client.unbind().catch(() => undefined);
    }
  }
  throw last;
}

/** Whether somebody can be bound with that password. */
async function binds(settings: LdapSettings, dn: string, password: string): Promise<boolean> {
  try {
    await connected(settings, (client) => client.bind(dn, password));
    return true;
  } catch (error) {
    if (error instanceof InvalidCredentialsError) return false;
    throw error;
  }
}

interface Entry {
  readonly dn: string;
  readonly name: string;
  readonly groups: readonly string[];
}

async function find(settings: LdapSettings, typed: string): Promise<Entry | undefined> {
  const { base, userFilter, userAttribute, groupBase, groupFilter, groupAttribute } = settings;
  return connected(settings, async (client) => {
    if (settings.bindDn !== undefined) await client.bind(settings.bindDn, settings.bindPassword);
    const { searchEntries: people } = await client.search(base, {
      scope: "sub",
      filter: filled(userFilter, { user: typed }),
      attributes: [userAttribute, "memberOf"],
      sizeLimit: 2,
    });
    const [entry] = people;
    // A name that fits two is nobody's.
    if (entry === undefined || people.length > 1) return undefined;
    const [name] = texts(entry[userAttribute]);
    if (name === undefined) return undefined;
    const { searchEntries: groups } = await client.search(groupBase, {
      scope: "sub",
      filter: filled(groupFilter, { dn: entry.dn, user: name }),
      attributes: [groupAttribute],
    });
    return {
      dn: entry.dn,
      name,
      groups: [
        ...groups.flatMap((group) => [group.dn, ...texts(group[groupAttribute])]),
        ...texts(entry["memberOf"]),
      ],
    };
  });
}

export function ldapDirectory(settings: LdapSettings): Directory {
  return {
    check: async (typed, password): Promise<RemoteUser | undefined> => {
      // An empty password binds anonymously at many servers: that proves nothing.
      if (password === "" || typed === "") return undefined;
      const entry = await find(settings, typed);
      if (entry === undefined || !(await binds(settings, entry.dn, password))) return undefined;
      return { name: entry.name, groups: entry.groups };
    },
  };
}
