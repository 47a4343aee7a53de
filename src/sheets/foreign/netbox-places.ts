/** Who and where: tenants, contacts, sites, locations, racks, and what kinds of machines there are. */
import type { NetBox } from "./netbox-world.ts";

export function takePlaces(world: NetBox): void {
  const { dump } = world;
  takePeople(world);
  for (const site of dump.all("dcim_site"))
    world.out.add("Site", site, {
      code: site.text("name"),
      address: site.text("physical_address").replaceAll(/\s*\r?\n\s*/g, ", "),
      timezone: site.text("time_zone"),
      owner: world.owner(site),
      status: world.status(site),
      ...world.common(site),
    });
  for (const location of dump.all("dcim_location"))
    world.out.add("Room", location, {
      name: world.locationName(location),
      site: world.site(location),
      owner: world.owner(location),
      status: world.status(location),
      ...world.common(location),
    });
  takeRacks(world);
  takeModels(world);
}

function takePeople(world: NetBox): void {
  for (const tenant of world.dump.all("tenancy_tenant")) {
    const name = tenant.text("name");
    world.out.add("Team", tenant, { code: name, name, ...world.common(tenant) });
  }
  for (const contact of world.dump.all("tenancy_contact")) {
    const mail = contact.text("email");
    const name = contact.text("name");
    const login = world.out.unique("Person", mail === "" ? name : mail, "tenancy_contact.email");
    if (login === undefined) continue;
    world.out.add("Person", contact, {
      login,
      name,
      mail,
      phone: contact.text("phone"),
      ...world.common(contact),
    });
  }
}

function takeRacks(world: NetBox): void {
  for (const rack of world.dump.all("dcim_rack")) {
    const room = world.room(rack);
    if (room === undefined) {
      world.out.leave("dcim_rack", "it is at no site");
      continue;
    }
    world.out.add("Rack", rack, {
      name: rack.text("name"),
      room,
      units: whole(rack.number("u_height")),
      serial: world.out.unique("Rack.serial", rack.text("serial"), "dcim_rack.serial"),
      owner: world.owner(rack),
      status: world.status(rack),
      ...world.common(rack),
    });
  }
}

function takeModels(world: NetBox): void {
  for (const maker of world.dump.all("dcim_manufacturer"))
    world.out.add("Vendor", maker, { name: maker.text("name"), ...world.common(maker) });
  for (const type of world.dump.all("dcim_devicetype"))
    world.out.add("DeviceModel", type, {
      vendor: world.vendor(type),
      model: type.text("model"),
      units: whole(type.number("u_height")),
      full_depth:
        type.value("is_full_depth") === undefined ? undefined : type.flag("is_full_depth"),
      ...world.common(type),
    });
  for (const role of world.dump.all("dcim_devicerole"))
    world.out.add("Role", role, { code: role.text("name"), ...world.common(role) });
}

/** NetBox knows halves of a unit; what is there takes the whole of it. */
function whole(units: number | undefined): number | undefined {
  return units === undefined ? undefined : Math.ceil(units);
}
