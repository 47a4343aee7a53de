/** Machines in network namespaces of their own, on one switch (a bridge). The servers that they share listen on the hub's address, which is that of this namespace. Cables
 * can be pulled, hold back one direction, or carry very little. Traffic stays inside. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

/** `cut`: nothing goes in or out; `deaf`: what is sent to it does not arrive; `mute`: what it sends to the hub does not arrive; `slow`: what is sent to it waits and gets lost. Nobody is told. */
export type Damage = "cut" | "deaf" | "mute" | "slow";
export const damages: readonly Damage[] = ["cut", "deaf", "mute", "slow"];

export interface Network {
  /** Where servers of the hub are reached from every machine. */
  readonly hub: string;
  /** How many machines there are; they are numbered from 1. */
  readonly machines: number;
  /** The machine on which the process of that name is. */
  machineOf(name: string): number;
  /** Address of that process. */
  address(name: string): string;
  /** What runs that process on its machine. */
  before(name: string): readonly string[];
  damage(machine: number, how: Damage): void;
  heal(machine: number): void;
  close(): void;
}

const prefix = "raicho-net-";
/** Of nobody: what is sent to it is dropped by whoever gets it. */
const nowhere = "02:00:00:00:0d:0d";

function run(command: string, ...words: readonly string[]): void {
  execFileSync(command, words, { stdio: ["ignore", "ignore", "pipe"] });
}

function ip(...words: readonly string[]): void {
  run("ip", ...words);
}

function quietly(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    // What was never made need not be removed.
    return false;
  }
}

/** Namespaces of runs that were killed; their ends of the cables go with them. */
function removeForgotten(): void {
  const all = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  const old = all.filter((name) => name.startsWith(prefix));
  for (const name of old) {
    const pid = name.split("-")[2] ?? "";
    if (existsSync(`/proc/${pid}`)) continue;
    quietly(() => ip("netns", "del", name));
    quietly(() => ip("link", "del", `rb${pid}`));
  }
}

/** One machine for each list of names of processes. Needs the rights of root; `close` leaves nothing behind, and so does the end of this process. */
export function openNetwork(layout: readonly (readonly string[])[]): Network {
  removeForgotten();
  const net = `10.211.${process.pid % 250}`;
  const [hub, bridge] = [`${net}.254`, `rb${process.pid}`];
  const machines = new Machines(net, hub);
  const close = (): void => {
    for (const machine of layout.keys()) machines.remove(machine + 1);
    quietly(() => ip("link", "del", bridge));
    process.off("exit", close);
  };
  process.on("exit", close);
  ip("link", "add", bridge, "type", "bridge");
  ip("addr", "add", `${hub}/24`, "dev", bridge);
  ip("link", "set", bridge, "up");
  for (const machine of layout.keys()) machines.add(machine + 1, bridge);
  const machineOf = (name: string): number => layout.findIndex((names) => names.includes(name)) + 1;
  return {
    hub,
    machines: layout.length,
    machineOf,
    address: (name) => `${net}.${machineOf(name)}`,
    before: (name) => ["ip", "netns", "exec", machines.space(machineOf(name))],
    damage: (machine, how) => machines.damage(machine, how, bridge),
    heal: (machine) => machines.heal(machine, bridge),
    close,
  };
}

class Machines {
  readonly #net: string;
  readonly #hub: string;

  constructor(net: string, hub: string) {
    this.#net = net;
    this.#hub = hub;
  }

  space(machine: number): string {
    return `${prefix}${process.pid}-${machine}`;
  }

  /** Its end of the cable at the switch. */
  #cable(machine: number): string {
    return `rc${process.pid}v${machine}`;
  }

  add(machine: number, bridge: string): void {
    const [name, cable] = [this.space(machine), this.#cable(machine)];
    ip("netns", "add", name);
    ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name);
    ip("link", "set", cable, "master", bridge, "up");
    ip("-n", name, "addr", "add", `${this.#net}.${machine}/24`, "dev", "eth0");
    ip("-n", name, "link", "set", "eth0", "up");
    ip("-n", name, "link", "set", "lo", "up");
  }

  damage(machine: number, how: Damage, bridge: string): void {
    const [name, cable, far] = [
      this.space(machine),
      this.#cable(machine),
      `${this.#net}.${machine}`,
    ];
    const wrong = ["lladdr", nowhere, "nud", "permanent"];
    if (how === "cut") ip("link", "set", cable, "down");
    if (how === "deaf") ip("neigh", "replace", far, ...wrong, "dev", bridge);
    if (how === "mute") ip("-n", name, "neigh", "replace", this.#hub, ...wrong, "dev", "eth0");
    if (how === "slow") slowDown(cable);
  }

  heal(machine: number, bridge: string): void {
    const [name, cable] = [this.space(machine), this.#cable(machine)];
    quietly(() => run("tc", "qdisc", "del", "dev", cable, "root"));
    quietly(() => ip("neigh", "del", `${this.#net}.${machine}`, "dev", bridge));
    quietly(() => ip("-n", name, "neigh", "del", this.#hub, "dev", "eth0"));
    ip("link", "set", cable, "up");
  }

  remove(machine: number): void {
    quietly(() => ip("link", "del", this.#cable(machine)));
    quietly(() => ip("netns", "del", this.space(machine)));
  }
}

/** 300 ms late and 5 % lost; where the kernel cannot do that, so narrow that packets wait and get lost. */
function slowDown(cable: string): void {
  const root = ["qdisc", "replace", "dev", cable, "root"];
  const late = ["netem", "delay", "300ms", "100ms", "loss", "5%"];
  if (quietly(() => run("tc", ...root, ...late))) return;
  run("tc", ...root, "tbf", "rate", "128kbit", "burst", "4kb", "latency", "600ms");
}
