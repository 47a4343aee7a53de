/** `raicho trace`: what led to what. */
import { isObject, type JsonObject } from "../model/json.ts";
import type { CommandSetup } from "./cli.ts";
import { formatOf, optionText, type Options } from "./output.ts";
import { addResource, find, type Resource } from "./resource.ts";
import { addVerb, type Asked } from "./verb.ts";

const trace: Resource = {
  noun: "trace",
  plural: "traces",
  path: "/traces",
  key: "id",
  columns: ["id", "trace_tag", "start_timestamp"],
  filters: [
    ["--trace-tag <tag>", "with that name", "trace_tag"],
    ["-e, --execution <id>", "that hold that execution", "execution"],
    ["-r, --rule <id>", "that hold that rule", "rule"],
    ["-g, --trigger-instance <id>", "that hold that trigger instance", "trigger_instance"],
  ],
  verbs: ["list"],
};

const kinds = [
  { list: "trigger_instances", type: "trigger_instance", show: "showTriggerInstances" },
  { list: "rules", type: "rule", show: "showRules" },
  { list: "action_executions", type: "action_execution", show: "showExecutions" },
] as const;
type Kind = (typeof kinds)[number];
type Parts = Readonly<Record<Kind["list"], readonly JsonObject[]>>;

function partsOf(shown: JsonObject): Parts {
  const of = (name: Kind["list"]): readonly JsonObject[] => {
    const list = shown[name];
    return Array.isArray(list) ? list.filter(isObject) : [];
  };
  return {
    trigger_instances: of("trigger_instances"),
    rules: of("rules"),
    action_executions: of("action_executions"),
  };
}

function causeOf({ caused_by: cause }: JsonObject): { type: unknown; id: string } {
  const { type, id } = isObject(cause) ? cause : {};
  return { type, id: typeof id === "string" ? id : "" };
}

/** Only what led to that member, itself included. A rule that fired several times is told apart by its trigger instance. */
function chainTo(parts: Parts, type: Kind["type"], id: string): Parts {
  const kept = new Set<JsonObject>();
  let wanted: { type: unknown; id: string } = { type, id };
  for (;;) {
    const [name = "", event] = wanted.id.split(":");
    const list = kinds.find((kind) => kind.type === wanted.type)?.list;
    const found = (list === undefined ? [] : parts[list]).find(
      (each) => each["object_id"] === name && (event === undefined || causeOf(each).id === event),
    );
    if (found === undefined || kept.has(found)) break;
    kept.add(found);
    wanted = causeOf(found);
  }
  return mapped(parts, (list) => list.filter((each) => kept.has(each)));
}

function mapped(
  parts: Parts,
  change: (list: readonly JsonObject[], kind: Kind) => readonly JsonObject[],
): Parts {
  const of = (kind: Kind): readonly JsonObject[] => change(parts[kind.list], kind);
  const [events, rules, executions] = kinds;
  return { trigger_instances: of(events), rules: of(rules), action_executions: of(executions) };
}

/** What the options leave of a trace. */
function narrowed(shown: JsonObject, options: Options): Parts {
  let parts = partsOf(shown);
  for (const [option, type] of [
    ["execution", "action_execution"],
    ["rule", "rule"],
    ["triggerInstance", "trigger_instance"],
  ] as const) {
    const id = optionText(options, option);
    if (id !== undefined) parts = chainTo(parts, type, id);
  }
  const causes = new Set(parts.rules.map((rule) => causeOf(rule).id));
  const some = kinds.some(({ show }) => options[show] === true);
  return mapped(parts, (list, { show, type }) => {
    if (some && options[show] !== true) return [];
    if (options["hideNoopTriggers"] !== true || type !== "trigger_instance") return list;
    return list.filter(({ object_id: id }) => causes.has(String(id)));
  });
}

async function get({ args, client, options, print }: Asked): Promise<void> {
  for (const id of args) {
    const whole = await find(client, trace, id);
    const parts = narrowed(whole, options);
    await print.one({ ...whole, ...parts }, trace.columns);
    if (formatOf(options) !== "table" || options["attr"] !== undefined) continue;
    const rows = kinds.flatMap(({ list, type }) =>
      parts[list].map(({ object_id, ref, updated_at }) => ({
        id: object_id,
        type: type.replace("action_", ""),
        ref,
        updated_at,
      })),
    );
    const byTime = rows.toSorted((a, b) =>
      String(a.updated_at).localeCompare(String(b.updated_at)),
    );
    await print.list(byTime, { columns: ["id", "type", "ref", "updated_at"] });
  }
}

export const setUpTrace: CommandSetup = (command, cli) => {
  addResource(command, cli, trace);
  addVerb(command, cli, {
    usage: "get <id...>",
    summary: "Show a trace: what it began with, and what followed.",
    shows: true,
    options: [
      ["-e, --execution <id>", "only what led to that execution"],
      ["-r, --rule <id>", "only what led to that rule"],
      ["-g, --trigger-instance <id>", "only what led to that trigger instance"],
      ["--show-executions", "only executions"],
      ["--show-rules", "only rules"],
      ["--show-trigger-instances", "only trigger instances"],
      ["-n, --hide-noop-triggers", "without trigger instances because of which no rule fired"],
    ],
    run: get,
  });
};
