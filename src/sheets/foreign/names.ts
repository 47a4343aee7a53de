/** Names of machines as our hosts are called. */
import type { Gathering } from "./gathering.ts";

const host = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})?(\.[a-z0-9_]([a-z0-9_-]{0,62})?)*$/;

export function isHostName(text: string): boolean {
  return host.test(text.toLowerCase());
}

/** `London server 1` → `london-server-1`; "" when nothing of it is left. */
export function hostName(text: string): string {
  const name = text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.-]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$|(?<=\.)[-.]+|-+(?=\.)/g, "")
    .slice(0, 63);
  return host.test(name) ? name : "";
}

/** Gives every machine a name of its own; what cannot be a host name, or was given before, is changed and counted. */
export function uniqueHosts(
  machines: readonly { readonly id: string; readonly name: string }[],
  { stem, what, gathering }: { stem: string; what: string; gathering: Gathering },
  taken: Set<string>,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { id, name } of machines) {
    const wanted = hostName(name);
    const first = wanted === "" ? `${stem}-${id}` : wanted;
    const own = taken.has(first) ? `${first}-${id}` : first;
    taken.add(own);
    names.set(id, own);
    if (name === "") gathering.leave(what, `without a name; called ${stem}-<id> here`);
    else if (own !== name.toLowerCase())
      gathering.leave(what, "the name cannot be a host name of its own; it was changed");
  }
  return names;
}
