import { expect, test } from "vitest";
import { isObject } from "../../src/model/json.ts";
import { bundledTypes } from "./types.ts";

const names = [
  ..."AlertPolicy Asset Cable Certificate Device DeviceModel DnsRecord DnsZone Environment".split(
    " ",
  ),
  ..."IPAddress Interface Lease License LoadBalancer MaintenanceWindow Member".split(" "),
  ..."MonitorProfile NodeSet OnCall PassPort Person Pool PowerFeed PowerPort Prefix".split(" "),
  ..."PurchaseOrder Rack Role Room Runbook Service Site SupportContract Team VLAN VRF".split(" "),
  ..."Vendor VirtualMachine VirtualServer VlanGroup".split(" "),
];

const types = bundledTypes();

test("the library has the physical, logical, management and operational types", () => {
  expect([...types.keys()].toSorted()).toEqual(names.toSorted());
});

/** Where in a document a label in both languages is missing. */
function unlabelled(path: string, body: unknown): readonly string[] {
  const label = isObject(body) ? body["label"] : undefined;
  const complete =
    isObject(label) && ["ja", "en"].every((language) => typeof label[language] === "string");
  return complete ? [] : [path];
}

test.each(names)("%s is labelled in Japanese and English, values too", (name) => {
  const type = types.get(name);
  const document = type?.document ?? {};
  const { attributes } = document;
  const given = Object.entries(isObject(attributes) ? attributes : {});
  const values = given.flatMap(([attribute, body]) => {
    const listed = isObject(body) ? body["values"] : undefined;
    return Object.entries(isObject(listed) ? listed : {}).map(
      ([value, label]) => [`${attribute}.${value}`, { label }] as const,
    );
  });
  const lists = given.filter(([, body]) => isObject(body) && Array.isArray(body["values"]));
  expect(lists.map(([attribute]) => attribute)).toEqual([]);
  expect(
    [["", document] as const, ...given, ...values].flatMap(([path, body]) =>
      unlabelled(path, body),
    ),
  ).toEqual([]);
});

test.each(names)("%s has a status, an owner, tags and a note", (name) => {
  const attributes = types.get(name)?.attributes;
  expect(
    ["status", "owner", "tags", "note"].filter((each) => attributes?.has(each) !== true),
  ).toEqual([]);
});
