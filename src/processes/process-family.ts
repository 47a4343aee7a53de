/** Everything that descends from a program, also what left its process group or session: found by parentage and by a mark in the environment.
 * Reads Linux's /proc; where there is none only the process group is known. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The variable that carries a program's mark to everything it starts. */
export const markVariable = "RAICHO_RUN";

/** A process, told apart from a later one with the same number by its start. */
interface Member {
  readonly pid: number;
  readonly start: string;
}

export interface ProcessFamily {
  /** Signals the group and every other member. What belongs to another user is signalled by `sudo -n kill`, where that is allowed. */
  signal(name: "SIGTERM" | "SIGKILL"): void;
  /** Kills until nobody is found any more; what was known before and lost its parents is not forgotten. */
  kill(): void;
}

const rounds = 4;

/** The family of a program. `leader`: its process, which leads a group; without one only the mark tells. `mark`: the value of RAICHO_RUN that it was
 * started with; values that go on with a dot belong to it, too. The process that asks is never signalled. */
export function processFamily(leader: number | undefined, mark: string): ProcessFamily {
  const known = new Map<string, Member>();
  const look = (): readonly Member[] => {
    const found = members(leader, mark, known);
    for (const member of found) known.set(keyOf(member), member);
    return found;
  };
  const signal = (name: "SIGTERM" | "SIGKILL"): readonly Member[] => {
    const found = look();
    // Asked politely, everybody is asked once: a second signal would meet a program that is cleaning up after the first.
    const whole = name === "SIGKILL" || found.length === 0;
    const group = !whole || leader === undefined || leader === process.pid ? [] : [-leader];
    const refused = [...group, ...found.map(({ pid }) => pid)].filter(
      (pid) => !signalled(pid, name),
    );
    if (refused.length > 0) asRoot(refused, name);
    return found;
  };
  return {
    signal: (name) => void signal(name),
    kill() {
      // One that forks while it is looked at is found in the next round.
      for (let round = 0; round < rounds; round += 1) if (signal("SIGKILL").length === 0) return;
    },
  };
}

function keyOf({ pid, start }: Member): string {
  return `${pid} ${start}`;
}

interface Stat extends Member {
  readonly parent: number;
  readonly group: number;
}

function members(
  leader: number | undefined,
  mark: string,
  known: ReadonlyMap<string, Member>,
): readonly Member[] {
  const all = readAll();
  const inside = new Set<number>();
  for (const stat of all)
    if (
      stat.pid === leader ||
      stat.group === leader ||
      known.has(keyOf(stat)) ||
      carries(stat.pid, mark)
    )
      inside.add(stat.pid);
  for (let before = -1; before !== inside.size;) {
    before = inside.size;
    for (const { pid, parent } of all) if (inside.has(parent)) inside.add(pid);
  }
  inside.delete(process.pid);
  return all.filter(({ pid }) => inside.has(pid));
}

function readAll(): readonly Stat[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => statOf(Number(name)) ?? []);
  } catch {
    return [];
  }
}

/** Undefined for one that is gone, or that only waits to be taken note of. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The program's name stands in parentheses and may hold anything.
    const [state, parent, group, ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const start = rest[16];
    if (start === undefined || state === "Z" || state === "X") return undefined;
    return { pid, parent: Number(parent), group: Number(group), start };
  } catch {
    return undefined;
  }
}

function carries(pid: number, mark: string): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/environ`, "latin1");
    const [, value = ""] = `\0${text}`.split(`\0${markVariable}=`);
    return value.startsWith(`${mark}\0`) || value.startsWith(`${mark}.`);
  } catch {
    return false;
  }
}

/** False when it belongs to somebody else. */
function signalled(pid: number, name: "SIGTERM" | "SIGKILL"): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "EPERM");
  }
}

function asRoot(pids: readonly number[], name: "SIGTERM" | "SIGKILL"): void {
  const words = ["-n", "kill", "-s", name.slice(3), "--", ...pids.map(String)];
  execFile("sudo", words, { timeout: 2_000 }, () => undefined);
}
