/** Cookies that were set on the way of a redirect, each for the host that set it. */
export class CookieJar {
  readonly #pairs = new Map<string, Map<string, string>>();

  keep({ hostname }: URL, cookies: readonly string[]): void {
    const pairs = this.#pairs.get(hostname) ?? new Map<string, string>();
    this.#pairs.set(hostname, pairs);
    for (const cookie of cookies) {
      const [, name, value] = /^\s*([^=;]+)=([^;]*)/.exec(cookie) ?? [];
      if (name === undefined || value === undefined) continue;
      if (/;\s*max-age=(?:0|-\d+)\s*(?:;|$)/i.test(cookie)) pairs.delete(name);
      else pairs.set(name, value);
    }
  }

  /** The headers with the cookies for that address; a new one takes the place of a given one. */
  give(
    { hostname }: URL,
    headers: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> {
    const pairs = this.#pairs.get(hostname);
    if (pairs === undefined || pairs.size === 0) return headers;
    const given = Object.entries(headers).find(isCookie)?.[1].split("; ") ?? [];
    const kept = given.filter((pair) => !pairs.has(pair.split("=")[0] ?? ""));
    const cookie = [...kept, ...[...pairs].map(([name, value]) => `${name}=${value}`)].join("; ");
    const others = Object.entries(headers).filter((entry) => !isCookie(entry));
    return { ...Object.fromEntries(others), Cookie: cookie };
  }
}

function isCookie([name]: readonly [string, string]): boolean {
  return name.toLowerCase() === "cookie";
}
