/** Who is called, in order: everybody once, and only who has a number. */
import { ActionFailed, type JsonObject } from "raicho/pack";

export interface Contact {
  readonly name: string;
  /** Number or SIP address. */
  readonly to: string;
  readonly login: string;
  readonly mail: string;
  readonly account: string;
}

export interface Found {
  readonly order: readonly Contact[];
  /** People without a number. */
  readonly unreachable: readonly string[];
}

export interface Sources {
  /** `{person, leader}` of the alert. */
  readonly owner: unknown;
  /** `{now, escalation}` of inventory.find_oncall. */
  readonly oncall: unknown;
}

const places = ["owner", "oncall", "leader"];

export function peopleOf(order: readonly unknown[], sources: Sources): Found {
  const known = order.flatMap((place) => atPlace(place, sources));
  const names = new Set<string>();
  const found: Contact[] = [];
  const unreachable: string[] = [];
  for (const person of known) {
    const identity = person.login || person.to || person.name;
    if (names.has(identity)) continue;
    names.add(identity);
    if (person.to === "") unreachable.push(person.name);
    else found.push(person);
  }
  return { order: found, unreachable };
}

function atPlace(place: unknown, { owner, oncall }: Sources): readonly Contact[] {
  if (place === "owner") return contactsIn([at(owner, "person")]);
  if (place === "leader") return contactsIn([at(owner, "leader")]);
  if (place === "oncall") return contactsIn([at(oncall, "now"), at(oncall, "escalation")].flat());
  if (typeof place === "object" && place !== null && text(place, "phone") !== "")
    return contactsIn([place]);
  throw new ActionFailed(
    `escalation: order in <configs>/escalation.yaml has ${JSON.stringify(place)}; expected ${places.join(", ")} or {name, phone}`,
  );
}

function contactsIn(people: readonly unknown[]): readonly Contact[] {
  return people.flatMap((person) => {
    if (typeof person !== "object" || person === null) return [];
    const [name, login] = [text(person, "name"), text(person, "login")];
    const { mail, to, account } = {
      mail: text(person, "mail"),
      to: text(person, "phone"),
      account: text(person, "jira_account"),
    };
    return name + login + to === ""
      ? []
      : [{ name: name || login || to, login, mail, to, account }];
  });
}

function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function text(value: object, name: string): string {
  const found = at(value, name);
  return typeof found === "string" ? found.trim() : "";
}

export function textIn(alert: JsonObject, name: string): string {
  return text(alert, name);
}
