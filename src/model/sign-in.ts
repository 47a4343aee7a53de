/** How people may sign in besides accounts of our own. */

/** Somebody whom another service knows. */
export interface RemoteUser {
  readonly name: string;
  /** As that service names them: DNs of LDAP groups and their short names, values of an OIDC claim. */
  readonly groups: readonly string[];
}

export interface LdapSettings {
  /** `ldap://…` or `ldaps://…`; the next is tried when one is away. */
  readonly urls: readonly string[];
  readonly startTls: boolean;
  /** PEM text of the authorities that are trusted besides the usual ones. */
  readonly ca: string | undefined;
  /** Who looks people up; undefined = anonymous. */
  readonly bindDn: string | undefined;
  readonly bindPassword: string;
  readonly base: string;
  /** `{user}` is replaced by what was typed, escaped. */
  readonly userFilter: string;
  /** Attribute that becomes the name of the account. */
  readonly userAttribute: string;
  readonly groupBase: string;
  /** `{dn}` and `{user}` are replaced, escaped. */
  readonly groupFilter: string;
  readonly groupAttribute: string;
  readonly timeoutSeconds: number;
}

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly scopes: string;
  readonly userClaim: string;
  readonly groupsClaim: string;
}

export interface SignInSettings {
  /** Addresses and networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. */
  readonly trustedProxies: readonly string[];
  /** Headers in which a trusted proxy says who it let in. */
  readonly proxy: { readonly userHeader: string; readonly groupsHeader: string } | undefined;
  /** Whether `?x-auth-token=` and `?st2-api-key=` are accepted. */
  readonly querySecrets: boolean;
  /** Where browsers reach the door, without a slash at the end. */
  readonly publicUrl: string | undefined;
  readonly ldap: LdapSettings | undefined;
  readonly oidc: OidcSettings | undefined;
  /** Whether users that are no administrators see only executions of their own. */
  readonly isolation: boolean;
}

export const defaultSignIn: SignInSettings = {
  trustedProxies: [],
  proxy: undefined,
  querySecrets: true,
  publicUrl: undefined,
  ldap: undefined,
  oidc: undefined,
  isolation: false,
};

/** Who lets people in who have no password here. */
export interface Directory {
  /** The user of that name and password; undefined when they do not fit. Rejects when it cannot be asked. */
  check(name: string, password: string): Promise<RemoteUser | undefined>;
}

/** What must be kept between the way to another service and the way back. */
export interface Errand {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** A service to which browsers go to sign in. */
export interface Issuer {
  begin(redirect: string): Promise<{ readonly url: string; readonly errand: Errand }>;
  /** `url`: the whole address with which the browser came back. Rejects when something does not fit. */
  finish(url: string, errand: Errand): Promise<RemoteUser>;
}
