/** What NetBox' things are called here, and what is said of each of them. */
import type { JsonObject } from "../../model/json.ts";
import { isObject } from "../../model/json.ts";
import type { Gathering } from "./gathering.ts";
import { hostName } from "./names.ts";
import type { Dump, Entity } from "./tables.ts";

const statuses: Readonly<Record<string, string>> = {
  active: "active",
  available: "active",
  container: "active",
  connected: "active",
  reserved: "planned",
  planned: "planned",
  staging: "planned",
  deprecated: "retired",
  retired: "retired",
  decommissioning: "retired",
  offline: "retired",
};

export class NetBox {
  readonly dump: Dump;
  readonly out: Gathering;
  readonly #hosts: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly #mentioned = new Set<string>();
  readonly #tags = new Map<string, string[]>();
  readonly #ends = new Map<string, Entity[]>();

  constructor(dump: Dump, out: Gathering, hosts: ReadonlyMap<string, ReadonlyMap<string, string>>) {
    this.dump = dump;
    this.out = out;
    this.#hosts = hosts;
    for (const item of dump.all("extras_taggeditem")) {
      const tag = item.to("extras_tag", "tag")?.text("name") ?? "";
      const key = `${this.kindOf(item, "content_type")} ${item.text("object_id")}`;
      this.#tags.set(
        key,
        [...(this.#tags.get(key) ?? []), tag].filter((name) => name !== ""),
      );
    }
  }

  /** What a side of a cable ends at, as tables since NetBox 3.3 say it. */
  terminations(cable: string, side: string): readonly Entity[] {
    if (this.#ends.size === 0)
      for (const end of this.dump.all("dcim_cabletermination")) {
        const at = this.dump.byId(this.kindOf(end, "termination_type"), end.text("termination_id"));
        const key = `${end.text("cable", "cable_id")} ${end.text("cable_end")}`;
        if (at !== undefined) this.#ends.set(key, [...(this.#ends.get(key) ?? []), at]);
      }
    return this.#ends.get(`${cable} ${side}`) ?? [];
  }

  /** Says the little that is known of something which the dump itself does not hold: what refers to it needs it. */
  mention(type: string, from: Entity, set: JsonObject): void {
    const key = `${type} ${JSON.stringify(set)}`;
    if (!from.brief || this.#mentioned.has(key)) return;
    this.#mentioned.add(key);
    this.out.add(type, from, set);
  }

  /** `dcim_interface`: what a generic reference is to, however it is written. */
  kindOf(entity: Entity, column: string): string {
    const value = entity.value(column, `${column}_id`);
    if (Array.isArray(value)) return value.join("_");
    if (typeof value === "string" && value.includes(".")) return value.replace(".", "_");
    const id = typeof value === "number" || typeof value === "string" ? String(value) : "";
    const type =
      this.dump.byId("django_content_type", id) ?? this.dump.byId("contenttypes_contenttype", id);
    return type === undefined ? "" : `${type.text("app_label")}_${type.text("model")}`;
  }

  /** What everything may have beside its own: tags and words. */
  common(entity: Entity): JsonObject {
    const given = entity.value("tags");
    const own = Array.isArray(given)
      ? given
          .map((tag: unknown) => (isObject(tag) ? tag["name"] : tag))
          .filter((tag) => typeof tag === "string")
      : entity
          .text("tags")
          .split(",")
          .map((tag) => tag.trim())
          .filter((tag) => tag !== "");
    const tags = [...own, ...(this.#tags.get(`${entity.table} ${entity.id}`) ?? [])];
    const note = [entity.text("description"), entity.text("comments")].filter(
      (text) => text !== "",
    );
    return {
      ...(tags.length === 0 ? {} : { tags: [...new Set(tags)] }),
      ...(note.length === 0 ? {} : { note: note.join("\n") }),
    };
  }

  /** A state that all types have; NetBox has more of them. */
  status(entity: Entity): string | undefined {
    return statuses[entity.text("status").toLowerCase()];
  }

  owner(entity: Entity): string | undefined {
    const tenant = entity.to("tenancy_tenant", "tenant");
    if (tenant === undefined) return undefined;
    const name = tenant.text("name", "display");
    this.mention("Team", tenant, { code: name, name });
    return name;
  }

  site(entity: Entity | undefined): string | undefined {
    const site = entity?.to("dcim_site", "site");
    return site === undefined ? undefined : this.siteName(site);
  }

  siteName(site: Entity): string {
    const name = site.text("name", "display");
    this.mention("Site", site, { code: name });
    return name;
  }

  locationName(location: Entity, depth = 0): string {
    const parent = depth < 10 ? location.to("dcim_location", "parent") : undefined;
    const name = location.text("name", "display");
    return parent === undefined ? name : `${this.locationName(parent, depth + 1)} / ${name}`;
  }

  /** The room of something: its location, or one that is called as its site. */
  room(...places: readonly (Entity | undefined)[]): JsonObject | undefined {
    const location = places
      .map((one) => one?.to("dcim_location", "location"))
      .find((one) => one !== undefined);
    const site =
      this.site(location) ?? places.map((one) => this.site(one)).find((one) => one !== undefined);
    if (site === undefined) return undefined;
    const room = { site, name: location === undefined ? site : this.locationName(location) };
    const [from] = places;
    if (location === undefined && from !== undefined) this.defaultRoom(from, room);
    else if (location !== undefined) this.mention("Room", location, room);
    return room;
  }

  defaultRoom(from: Entity, room: JsonObject): void {
    const key = `Room ${JSON.stringify(room)}`;
    if (this.#mentioned.has(key)) return;
    this.#mentioned.add(key);
    this.out.add("Room", from, room);
    this.out.leave(
      "dcim_rack.location",
      "racks without a location stand in a room that is called as their site",
    );
  }

  /** `by`: what stands in it, which says where it is when the rack itself does not. */
  rack(rack: Entity, by?: Entity): JsonObject | undefined {
    const room = this.room(rack, by);
    if (room === undefined) return undefined;
    const key = { room, name: rack.text("name", "display") };
    this.mention("Rack", rack, key);
    return key;
  }

  /** A machine's host name; `kind` is its table. */
  host(machine: Entity): string {
    const known = this.#hosts.get(machine.table)?.get(machine.id);
    const stem = machine.table === "dcim_device" ? "device" : "vm";
    const name = known ?? (hostName(machine.text("name", "display")) || `${stem}-${machine.id}`);
    this.mention(machine.table === "dcim_device" ? "Device" : "VirtualMachine", machine, {
      hostname: name,
    });
    return name;
  }

  vendor(entity: Entity): string | undefined {
    const maker = entity.to("dcim_manufacturer", "manufacturer");
    const name = maker?.text("name", "display") ?? "";
    if (maker === undefined || name === "") return undefined;
    this.mention("Vendor", maker, { name });
    return name;
  }
}
