/** What RackTables' objects are called here, what is in what, and what their dictionary says. */
import { isObject, type JsonObject } from "../../model/json.ts";
import type { Gathering } from "./gathering.ts";
import { uniqueHosts } from "./names.ts";
import type { Dump, Entity } from "./tables.ts";

/** Keys of its dictionary: what an object is. */
export const objectTypes = {
  patchPanel: "9",
  virtualMachine: "1504",
  rack: "1560",
  row: "1561",
  location: "1562",
} as const;

/** Things that are no machines. */
const furniture = new Set(["10", "11", "1505", "1506", "1507"]);

export class RackTables {
  readonly dump: Dump;
  readonly out: Gathering;
  readonly #dictionary: ReadonlyMap<string, string>;
  readonly #parents = new Map<string, { readonly kind: string; readonly id: string }[]>();
  readonly #values: ReadonlyMap<string, ReadonlyMap<string, Entity>>;
  readonly #hosts: ReadonlyMap<string, string>;
  readonly #tags = new Map<string, string[]>();
  #space: ReadonlyMap<string, readonly Entity[]> | undefined;
  #vlans: ReadonlySet<string> | undefined;

  constructor(dump: Dump, out: Gathering) {
    this.dump = dump;
    this.out = out;
    this.#dictionary = new Map(
      dump.all("Dictionary").map((one) => [one.text("dict_key"), one.text("dict_value")]),
    );
    for (const link of dump.all("EntityLink")) {
      const key = `${link.text("child_entity_type")} ${link.text("child_entity_id")}`;
      const parent = { kind: link.text("parent_entity_type"), id: link.text("parent_entity_id") };
      this.#parents.set(key, [...(this.#parents.get(key) ?? []), parent]);
    }
    const values = Map.groupBy(dump.all("AttributeValue"), (one) => one.text("object_id"));
    this.#values = new Map(
      [...values].map(([id, list]) => [id, new Map(list.map((one) => [one.text("attr_id"), one]))]),
    );
    for (const tag of dump.all("TagStorage")) {
      const key = `${tag.text("entity_realm")} ${tag.text("entity_id")}`;
      const name = dump.byId("TagTree", tag.text("tag_id"))?.text("tag") ?? "";
      if (name !== "") this.#tags.set(key, [...(this.#tags.get(key) ?? []), name]);
    }
    const machines = dump.all("Object").filter((one) => this.isMachine(one));
    const named = machines.map((one) => ({ id: one.id, name: one.text("name") }));
    this.#hosts = uniqueHosts(
      named,
      { stem: "object", what: "Object.name", gathering: out },
      new Set(),
    );
  }

  isMachine(object: Entity): boolean {
    const type = object.text("objtype_id");
    return !furniture.has(type) && Number(type) < 1560 ? true : Number(type) > 1562;
  }

  /** The host name of an object; undefined for what is no machine. */
  host(id: string): string | undefined {
    return this.#hosts.get(id);
  }

  word(key: string): string {
    return plain(this.#dictionary.get(key) ?? "");
  }

  parent(kind: string, id: string, of: string): string | undefined {
    return this.#parents.get(`${kind} ${id}`)?.find((one) => one.kind === of)?.id;
  }

  /** An attribute's value as text; of a dictionary its word. */
  attribute(object: string, attribute: number, of: "text" | "word" | "number" = "text"): string {
    const value = this.#values.get(object)?.get(String(attribute));
    if (value === undefined) return "";
    if (of === "word") return this.#dictionary.get(value.text("uint_value")) ?? "";
    return of === "text" ? value.text("string_value") : value.text("uint_value", "float_value");
  }

  /** Units of racks that an object takes. */
  spaceOf(object: string): readonly Entity[] {
    this.#space ??= Map.groupBy(this.dump.all("RackSpace"), (one) => one.text("object_id"));
    return object === "" ? [] : (this.#space.get(object) ?? []);
  }

  domainName(domain: string): string {
    const name = this.dump.byId("VLANDomain", domain)?.text("description") ?? "";
    return name === "" ? `domain ${domain}` : name;
  }

  /** The key of a VLAN that is described; ports may let others through. */
  vlan(domain: string, vid: string): JsonObject | undefined {
    this.#vlans ??= new Set(
      this.dump
        .all("VLANDescription")
        .map((one) => `${one.text("domain_id")} ${one.text("vlan_id")}`),
    );
    if (!this.#vlans.has(`${domain} ${vid}`)) return undefined;
    return { group: { site: "", name: this.domainName(domain) }, site: "", vid: Number(vid) };
  }

  /** Attributes that an object has beside those that are read, by their names. */
  others(object: string, read: ReadonlySet<string>): readonly string[] {
    return [...(this.#values.get(object)?.keys() ?? [])]
      .filter((id) => !read.has(id))
      .map((id) => this.dump.byId("Attribute", id)?.text("name") ?? `attribute ${id}`);
  }

  common(
    object: Entity,
    realm: string,
  ): { readonly tags?: readonly string[]; readonly note: string } {
    const tags = this.#tags.get(`${realm} ${object.id}`) ?? [];
    const trouble = object.text("has_problems") === "yes" ? ["has problems"] : [];
    const all = [...tags, ...trouble];
    return {
      ...(all.length === 0 ? {} : { tags: all }),
      note: object.text("comment"),
    };
  }
}

/** `[[Dell PowerEdge%GPASS%R650 | https://…]]` → `Dell PowerEdge%GPASS%R650`; the layout after `%L` is left out. */
export function plain(word: string): string {
  const [, inner] = /^\[\[(.*?)(?:\s*\|.*)?\]\]$/.exec(word.trim()) ?? [];
  return (inner ?? word).replace(/%L\d+,\d+(H|V)?%.*$/, "").trim();
}

/** Maker and model, which RackTables writes with a mark between them. */
export function makerAndModel(word: string): { readonly vendor: string; readonly model: string } {
  const [left = "", right] = plain(word).split(/%G(?:PASS|SKIP)%/);
  return right === undefined
    ? { vendor: "", model: left.trim() }
    : { vendor: left.trim(), model: right.trim() };
}

/** An address: a number of an unsigned integer, or its bytes. */
export function addressOf(value: unknown): string {
  if (typeof value === "number") return ipv4(value);
  const text = typeof value === "string" ? value : "";
  if (/^\d+$/.test(text)) return ipv4(Number(text));
  const bytes =
    isObject(value) && typeof value["bytes"] === "string"
      ? Buffer.from(value["bytes"], "hex")
      : Buffer.from(text, "utf8");
  if (bytes.length === 4) return [...bytes].join(".");
  if (bytes.length !== 16) return "";
  return Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(
    ":",
  );
}

function ipv4(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
