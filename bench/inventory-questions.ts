/** What is asked of the big inventory: one search for each way in which a query can be slow. */
import type { SearchQuery } from "../src/engine/inventory-search.ts";
import {
  addressOf,
  environments,
  hostname,
  rackOf,
  serial,
  siteCode,
  type Sizes,
} from "./inventory-data.ts";

export type Search = SearchQuery;

/** `turn` counts the repetitions, so that not the same thing is asked again and again. */
export type Question = (turn: number, sizes: Sizes) => Search;

const wards = ["渋谷", "大手町", "梅田", "博多"] as const;
const spread = (turn: number, size: number): number => (turn * 104_729 + 17) % size;
const site = (turn: number, sizes: Sizes): string => siteCode(turn % sizes.sites);
const device = (where: unknown, more: Search = {}): Search => ({ type: "Device", where, ...more });

export const questions: Readonly<Record<string, Question>> = {
  "list, by name": () => ({ type: "Device" }),
  "list of all types": () => ({}),
  "list, a page in the middle": (turn) =>
    device({
      path: "hostname",
      op: "starts_with",
      value: `srv-${String(turn % 10).padEnd(3, "1")}`,
    }),
  "equal: serial": (turn, { devices }) => device({ serial: serial(spread(turn, devices)) }),
  "equal: status, frequent": () => device({ status: "active" }),
  "equal: status and environment": (turn) =>
    device({ and: [{ status: "failed" }, { environment: environments[turn % 3] }] }),
  "in a list": () => device({ path: "status", op: "in", value: ["failed", "retired"] }),
  "not equal": () => device({ path: "status", op: "ne", value: "active" }),
  "prefix: host name": (turn) =>
    device({ path: "hostname", op: "starts_with", value: `srv-0${spread(turn, 9_999)}` }),
  "part of a word: serial": (turn, { devices }) =>
    device({ path: "serial", op: "like", value: serial(spread(turn, devices)).slice(3, 9) }),
  "text: two Japanese characters": (turn) => ({ type: "Device", text: wards[turn % 4] }),
  "text: two rare Japanese characters": () => ({ text: "富士" }),
  "text: Japanese and a service": (turn) => ({
    type: "Device",
    text: `${wards[turn % 4] ?? ""} srv-00${turn % 10}`,
  }),
  "text: a word of ASCII": (turn, { devices }) => ({ text: hostname(spread(turn, devices)) }),
  "text: nothing like it": () => ({ text: "zzyzx-987" }),
  "path: rack.room.site": (turn, sizes) => device({ "rack.room.site": site(turn, sizes) }),
  "path: name of the site": (turn, sizes) =>
    device({ path: "rack.room.site.name", op: "eq", value: site(turn, sizes) }),
  "path: owner of the service": (turn, { teams }) =>
    device({ "service.owner": `team${turn % teams}` }),
  "path and status": (turn, sizes) =>
    device({ and: [{ "rack.room.site": site(turn, sizes) }, { status: "failed" }] }),
  "one rack": (turn, sizes) => device({ rack: rackOf(turn % sizes.racks, sizes) }),
  "reverse: machines with a contract": () =>
    device({ path: "<SupportContract.covers", op: "exists" }),
  "reverse: without an interface": () =>
    device({ not: { path: "<Interface.device", op: "exists" } }),
  "reverse: by MAC address": (turn) =>
    device({
      path: "<Interface.device.mac",
      op: "eq",
      value: `02:00:00:0${turn % 10}:1${turn % 7}:2${turn % 9}`,
    }),
  "reverse and forth: contracts that end, of a site": (turn, sizes) =>
    device({
      and: [
        { path: "<SupportContract.covers.end", op: "lt", value: "today+30d" },
        { "rack.room.site": site(turn, sizes) },
      ],
    }),
  "range: contracts that end in 90 days": () => ({
    type: "SupportContract",
    where: {
      and: [
        { path: "end", op: "ge", value: "today" },
        { path: "end", op: "lt", value: "today+90d" },
      ],
    },
  }),
  "range: bought before": () => device({ path: "purchased", op: "lt", value: "2018-02-01" }),
  "network: addresses of a /24": (turn, { addresses }) => ({
    type: "IPAddress",
    where: {
      path: "address",
      op: "within",
      value: addressOf(spread(turn, addresses)).replace(/\.\d+$/, ".0/24"),
    },
  }),
  "network: prefixes around an address": (turn, { addresses }) => ({
    type: "Prefix",
    where: { path: "cidr", op: "contains_ip", value: addressOf(spread(turn, addresses)) },
  }),
  "network of a machine": (turn, { addresses }) =>
    device({
      path: "primary_ip.address",
      op: "within",
      value: addressOf(spread(turn, addresses)).replace(/\.\d+$/, ".0/24"),
    }),
  "sort: bought last": () => ({ type: "Device", sort: "-purchased" }),
  "sort: bought last, of a status": () => device({ status: "failed" }, { sort: "-purchased" }),
  "sort: by serial": () => ({ type: "Device", sort: "serial" }),
  "sort: changed last": () => ({ type: "Device", sort: "-updated_at" }),
  "sort: by rack": () => ({ type: "Device", sort: "rack.name" }),
  "facets: status": () => ({ type: "Device", facets: ["status"], limit: 1 }),
  "facets: environment, of a status": () =>
    device({ status: "failed" }, { facets: ["environment.code"], limit: 1 }),
  "facets: site": () => ({ type: "Device", facets: ["rack.room.site.code"], limit: 1 }),
  "count: all machines": () => ({ type: "Device", count: true, limit: 1 }),
  "count: failed": () => device({ status: "failed" }, { count: true, limit: 1 }),
  "count: of a site": (turn, sizes) =>
    device({ "rack.room.site": site(turn, sizes) }, { count: true, limit: 1 }),
  "chosen values along paths": () => ({
    type: "Device",
    select: ["rack.room.site.code", "service.owner.name", "<Interface.device.mac"],
  }),
  "everything at once": (turn, sizes) =>
    device(
      { and: [{ "rack.room.site": site(turn, sizes) }, { status: "failed" }] },
      { text: "保守", sort: "-purchased", facets: ["environment.code"], count: true },
    ),
};
