/** For whom a ticket is: from what the inventory says about a machine's owner to people that a tracker may assign. */
import { isObject, type JsonObject } from "../model/json.ts";

/** Everything a tracker may know a person by; backends take what they understand. */
export interface Candidate {
  readonly name: string;
  readonly account: string | null;
  readonly login: string | null;
  readonly mail: string | null;
}

export interface Assignment {
  /** In order: the first whom the tracker takes. */
  readonly assignees: readonly Candidate[];
  readonly labels: readonly string[];
  readonly leader: Candidate | undefined;
  /** Why it is the leader's; undefined when one person owns the machine. */
  readonly unknown: "group" | "several" | "unknown" | undefined;
}

/** `owner` = the answer of `inventory.find_owner`, or null when the host is not known. Only exactly one person is an owner; else the leader decides. */
export function assignmentOf(owner: unknown): Assignment {
  const found = isObject(owner) ? owner : {};
  const leader = candidate(found["leader"]);
  const person = found["kind"] === "person" ? candidate(found["person"]) : undefined;
  const rest = leader === undefined || leader.name === person?.name ? [] : [leader];
  if (person !== undefined)
    return { assignees: [person, ...rest], labels: [], leader, unknown: undefined };
  return { assignees: rest, labels: ["owner-unknown"], leader, unknown: whyUnknown(found) };
}

/** `notes` say whom the search for one owner passed over. */
function whyUnknown({ kind, notes }: JsonObject): "group" | "several" | "unknown" {
  if (kind === "team") return "group";
  const said: readonly unknown[] = Array.isArray(notes) ? notes : [];
  const several = said.some((note) => typeof note === "string" && /\bowners;/.test(note));
  return several ? "several" : "unknown";
}

/** A person as the inventory shows them, or as somebody wrote them. */
export function candidate(value: unknown): Candidate | undefined {
  if (typeof value === "string")
    return value === "" ? undefined : { name: value, account: value, login: value, mail: null };
  if (!isObject(value)) return undefined;
  const part = (name: string): string | null =>
    typeof value[name] === "string" && value[name] !== "" ? value[name] : null;
  const account = part("account") ?? part("jira_account");
  const [login, mail] = [part("login"), part("mail")];
  const name = part("name") ?? login ?? mail ?? account;
  return name === null ? undefined : { name, account, login, mail };
}
