import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadContent } from "../../src/content/load.ts";
import type { ActionDefinition, Content, ParameterSchemas } from "../../src/model/definitions.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Outcome } from "../../src/model/outcome.ts";
import { httpRequestRunner } from "../../src/runners/http-request.ts";
import { localShellCommandRunner, localShellScriptRunner } from "../../src/runners/local-shell.ts";
import { announcementRunner } from "../../src/runners/announcement.ts";
import { noopRunner } from "../../src/runners/noop.ts";
import { remoteShellCommandRunner } from "../../src/runners/remote-shell.ts";
import type { Runner } from "../../src/runners/runner.ts";
import { typescriptRunner } from "../../src/runners/typescript.ts";
import { winrmRunners } from "../../src/runners/winrm.ts";
import { runCall } from "./run-call.ts";
import { spawnDirectly as spawn } from "./spawn.ts";

export const shippedPacks = fileURLToPath(new URL("../../packs", import.meta.url));

type Replaced = Parameters<typeof runCall>[1];

/** Runs actions of the shipped packs as the engine does: from their YAML, with defaults, through their own runner. */
export interface ShippedPacks {
  readonly content: Content;
  readonly problems: readonly { readonly message: string; readonly file?: string }[];
  run(ref: string, parameters?: JsonObject, more?: Replaced): Promise<Outcome>;
  close(): Promise<void>;
}

const asked: ParameterSchemas = { schema: {}, roles: {}, users: {}, route: {}, ttl: {} };

/** `configs` holds the YAML (or JSON) text of `<configs>/<pack>.yaml` by pack. */
export async function shippedPackActions(
  configs: Readonly<Record<string, unknown>> = {},
): Promise<ShippedPacks> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-configs-"));
  for (const [pack, config] of Object.entries(configs))
    writeFileSync(join(folder, `${pack}.yaml`), JSON.stringify(config));
  const runners = [
    noopRunner(),
    announcementRunner(),
    httpRequestRunner(),
    localShellCommandRunner({ spawn }),
    localShellScriptRunner({ spawn }),
    typescriptRunner(),
    remoteShellCommandRunner({
      knownHosts: [],
      unknownHosts: "refuse",
      username: "nobody",
      privateKey: undefined,
    }),
    ...winrmRunners({ run: () => Promise.reject(new Error("no Python here")) }),
  ];
  const schemas = runners.map((runner) => [runner.name, runner.parameters] as const);
  const { content, problems } = await loadContent({
    directories: { bundled: [shippedPacks], packs: [], site: {}, configs: folder },
    runners: new Map<string, ParameterSchemas>([
      ...schemas,
      ["inquirer", asked],
      ["python-script", {}],
    ]),
  });
  const runnerOf = (action: ActionDefinition): Runner => {
    const found = runners.find(({ name }) => name === action.runner);
    if (!found) throw new Error(`no runner ${action.runner}`);
    return found;
  };
  return {
    content,
    problems,
    async run(ref, parameters = {}, more = {}) {
      const action = content.actions.get(ref);
      if (!action) throw new Error(`no action ${ref}`);
      const pack = content.packs.get(action.pack);
      const runner = runnerOf(action);
      return await runner.run(
        runCall(
          {
            ...defaults({ ...action.parameters, ...runner.parameters }),
            ...given(action.parameters),
            ...parameters,
          },
          {
            config: pack?.config ?? {},
            ...more,
            action: {
              ref,
              pack: action.pack,
              entryPath: action.entryPath,
              packPath: pack?.path ?? "",
              parameters: action.parameters,
              onWorkerLost: action.onWorkerLost ?? runner.onWorkerLost,
            },
          },
        ),
      );
    },
    async close() {
      await Promise.all(runners.map(async (runner) => await runner.close?.()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Parameters without a value are null, as StackStorm renders them. */
function defaults(schemas: ParameterSchemas): JsonObject {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, schema.default ?? null]),
  );
}

function given(schemas: ParameterSchemas): JsonObject {
  const withDefault = Object.entries(schemas).filter(([, schema]) => "default" in schema);
  return defaults(Object.fromEntries(withDefault));
}
