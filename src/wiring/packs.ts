/** Where packs are installed, and how everybody learns of it. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { describePack } from "../content/describe-pack.ts";
import { findPacks } from "../content/find-packs.ts";
import { ProblemList } from "../content/problems.ts";
import { calendarRunner } from "../engine/business-calendar.ts";
import { chatRunner } from "../engine/chat-runner.ts";
import type { Core } from "../engine/core.ts";
import { packRunner } from "../engine/pack-runner.ts";
import type { Inventory } from "../engine/inventory.ts";
import { ticketRunner } from "../engine/ticket-runner.ts";
import { readIndexes, type PackIndex } from "../installer/pack-index.ts";
import type { InstallerPlaces } from "../installer/places.ts";
import type { Content } from "../model/definitions.ts";
import { pythonNames } from "../runners/python-environment.ts";
import type { RunCall, Runner } from "../runners/runner.ts";
import { contentDirectories } from "./content.ts";
import { say } from "./log.ts";

function installerPlaces(config: Config): InstallerPlaces {
  const { home, packIndexes: indexes, wheels } = config;
  return {
    packs: join(home, "packs"),
    virtualenvs: join(home, "virtualenvs"),
    python: "python3",
    indexes,
    wheels,
    bundled: async () => {
      const found = await findPacks(
        { ...contentDirectories(config), installed: "" },
        new ProblemList(),
      );
      const described = await Promise.all(found.map(({ path, ref }) => describePack(path, ref)));
      return new Map(
        described.flatMap((each): [string, string][] =>
          each.kind === "pack" ? [[each.pack.ref, each.pack.version]] : [],
        ),
      );
    },
  };
}

/** What the command line needs to work with packs on this machine. */
export function packPlaces(
  config: Config,
): InstallerPlaces & { readonly configs: string; readonly pythonPath: string } {
  const configs = config.configsDirectory ?? join(config.home, "configs");
  return { ...installerPlaces(config), configs, pythonPath: pythonNames };
}

/** Asks the door to read the content, which tells all other processes; when it does not, they are told from here. */
async function reloadEverywhere(
  { environment }: RunCall,
  otherwise: () => Promise<void>,
): Promise<void> {
  const { ST2_ACTION_API_URL: api, ST2_ACTION_AUTH_TOKEN: token } = environment;
  try {
    const answer = await fetch(`${api ?? ""}/packs/register`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-auth-token": token ?? "" },
      body: JSON.stringify({ types: ["configs"] }),
      signal: AbortSignal.timeout(120_000),
    });
    if (!answer.ok) throw new Error(`the door answers ${answer.status}`);
  } catch (error) {
    say("info", "the door did not read the content for an action; all processes are told", {
      reason: error instanceof Error ? error.message : String(error),
    });
  }
  await otherwise();
}

/** The runners of the packs `packs`, `chatops` and `ticket` in this process. */
export function runnersHere(
  config: Config,
  here: {
    readonly core: () => Core;
    readonly content: () => Content;
    readonly reload: () => Promise<unknown>;
    readonly findOwner: Inventory["findOwner"];
  },
): readonly Runner[] {
  const everywhere = async (): Promise<void> => {
    await here.reload();
    const { bells, process: id } = here.core();
    bells.ring({ kind: "reload", id });
  };
  const packs = packRunner({
    places: installerPlaces(config),
    content: here.content,
    reload: (call) => reloadEverywhere(call, everywhere),
  });
  return [
    packs,
    chatRunner(here.core),
    ticketRunner(here.core, { timeZone: config.timeZone, findOwner: here.findOwner }),
    calendarRunner(here.core, config.timeZone),
  ];
}

const indexMs = 60_000;
/** People wait for the answer. */
const patienceMs = 10_000;

/** The indexes of packs, read at most once a minute. */
export function packIndexOf({ packIndexes }: Config): () => Promise<PackIndex> {
  let read: { readonly at: number; readonly index: Promise<PackIndex> } | undefined;
  return () => {
    const now = performance.now();
    if (read === undefined || read.at < now - indexMs)
      read = { at: now, index: readIndexes(packIndexes, AbortSignal.timeout(patienceMs)) };
    return read.index;
  };
}
