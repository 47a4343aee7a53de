/** Who is responsible for a machine. A person is named only when the inventory names one; a team never becomes a guess. */
import type { JsonObject } from "../model/json.ts";

export interface OwnerSettings {
  /** Ways from the machine to its owner, tried in order: `service.owner`. */
  readonly paths: readonly string[];
  /** Login (or id, or name) of the Person who decides when nobody is known. */
  readonly defaultLeader: string | undefined;
}

export const defaultOwnerPaths = [
  "owner",
  "service.owner",
  "nodeset.owner",
  "nodeset.service.owner",
] as const;

/** The settings in the configuration of pack `inventory`. */
export function ownerSettings(config: JsonObject): OwnerSettings {
  const { owner_paths: paths, default_leader: leader } = config;
  const list = Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : [];
  return {
    paths: list.length > 0 ? list : defaultOwnerPaths,
    defaultLeader: typeof leader === "string" && leader !== "" ? leader : undefined,
  };
}

export interface GraphEntry {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly doc: JsonObject;
}
export interface Graph {
  readonly entries: ReadonlyMap<string, GraphEntry>;
  readonly edges: readonly { readonly src: string; readonly attr: string; readonly dst: string }[];
}

export interface PersonView {
  readonly id: string | null;
  readonly name: string;
  readonly login: string | null;
  readonly mail: string | null;
  readonly phone: string | null;
  readonly jira_account: string | null;
}
export interface TeamView {
  readonly id: string;
  readonly name: string;
  readonly code: string | null;
  readonly mail: string | null;
  readonly chat: string | null;
  readonly jira_group: string | null;
}

export interface Ownership {
  readonly kind: "person" | "team" | "unknown";
  /** The path that led to the owner, or `none`. */
  readonly via: string;
  readonly person: GraphEntry | undefined;
  readonly team: GraphEntry | undefined;
  /** Owners that were found and passed over, with the reason. */
  readonly skipped: readonly {
    readonly via: string;
    readonly name: string;
    readonly reason: string;
  }[];
}

/** Attributes of all paths: what has to be loaded around the machine. */
export function pathAttributes({ paths }: OwnerSettings): readonly string[] {
  return [...new Set([...paths.flatMap((path) => path.split(".")), "lead"])];
}

export function follow(graph: Graph, from: string, path: string): readonly GraphEntry[] {
  let ids = [from];
  for (const attr of path.split("."))
    ids = graph.edges
      .filter((edge) => edge.attr === attr && ids.includes(edge.src))
      .map(({ dst }) => dst);
  return [...new Set(ids)].flatMap((id) => graph.entries.get(id) ?? []);
}

const inactive: ReadonlySet<unknown> = new Set(["inactive", "left", "retired"]);

/** The first path that ends at exactly one person or team who is still there. */
export function resolveOwner(graph: Graph, host: string, { paths }: OwnerSettings): Ownership {
  const skipped: { via: string; name: string; reason: string }[] = [];
  for (const via of paths) {
    const owners = follow(graph, host, via);
    const skip = (reason: string): void => {
      skipped.push({ via, name: owners.map(({ name }) => name).join(", "), reason });
    };
    const [owner] = owners;
    if (owner === undefined) continue;
    const status = owner.doc["status"];
    if (owners.length > 1) skip(`${owners.length} owners; which of them is not known`);
    else if (inactive.has(status)) skip(`is ${text(owner.doc, "status") ?? "gone"}`);
    else if (owner.type === "Person")
      return { kind: "person", via, person: owner, team: undefined, skipped };
    else if (owner.type === "Team")
      return { kind: "team", via, person: undefined, team: owner, skipped };
    else skip(`is a ${owner.type}, neither Person nor Team`);
  }
  return { kind: "unknown", via: "none", person: undefined, team: undefined, skipped };
}

/** The team's lead, when there is exactly one who is still there. */
export function leadOf(graph: Graph, team: GraphEntry | undefined): GraphEntry | undefined {
  const leads = team === undefined ? [] : follow(graph, team.id, "lead");
  const [lead] = leads;
  return leads.length === 1 && !inactive.has(lead?.doc["status"]) ? lead : undefined;
}

const text = (document: JsonObject, name: string): string | null => {
  const value = document[name];
  return typeof value === "string" ? value : null;
};

export function personView({ id, name, doc }: GraphEntry): PersonView {
  return {
    id,
    name,
    login: text(doc, "login"),
    mail: text(doc, "mail"),
    phone: text(doc, "phone"),
    jira_account: text(doc, "jira_account"),
  };
}

export function teamView({ id, name, doc }: GraphEntry): TeamView {
  return {
    id,
    name,
    code: text(doc, "code"),
    mail: text(doc, "mail"),
    chat: text(doc, "chat"),
    jira_group: text(doc, "jira_group"),
  };
}

/** A leader who is configured but not in the inventory: all that is known is what was written. */
export function strangerView(login: string): PersonView {
  return { id: null, name: login, login, mail: null, phone: null, jira_account: null };
}
