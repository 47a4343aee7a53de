import { ActionFailed } from "raicho/pack";

export interface Config {
  readonly url: string;
  readonly auth_method: "api_token" | "pat" | "basic";
  readonly username: string;
  readonly token: string;
  readonly password: string;
  readonly project: string;
  readonly deployment: "auto" | "cloud" | "dc";
  readonly max_wait: number;
}

export interface Settings {
  /** Without a final slash. */
  readonly url: string;
  readonly authorization: string;
  readonly project: string | undefined;
  readonly deployment: "auto" | "cloud" | "dc";
  readonly maxWaitSeconds: number;
}

/** Reads the pack's configuration; fails with the key that is missing. */
export function settingsOf(config: Partial<Config>): Settings {
  const url = text(config.url);
  if (url === undefined) throw missing("url");
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new ActionFailed(`jira: url in <configs>/jira.yaml is no http or https URL: "${url}"`);
  return {
    url: url.replace(/\/+$/, ""),
    authorization: authorization(config),
    project: text(config.project),
    deployment: config.deployment ?? "auto",
    maxWaitSeconds: config.max_wait ?? 60,
  };
}

function authorization(config: Partial<Config>): string {
  const { auth_method: method = "api_token" } = config;
  const secret = text(config.token) ?? (method === "basic" ? text(config.password) : undefined);
  if (secret === undefined) throw missing(method === "basic" ? "token or password" : "token");
  if (method === "pat") return `Bearer ${secret}`;
  const user = text(config.username);
  if (user === undefined) throw missing("username");
  return `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`;
}

function missing(key: string): ActionFailed {
  return new ActionFailed({
    error: `jira is not configured: set ${key} in <configs>/jira.yaml`,
    reason: "unconfigured",
  });
}

function text(value: string | null | undefined): string | undefined {
  return value === null || value === undefined || value === "" ? undefined : value;
}
