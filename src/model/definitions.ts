/** What packs define, as checked by `content` and used by everybody else. Plain data, safe to send to a child process. */
import type { JsonObject } from "./json.ts";

export interface SourcePosition {
  /** Absolute path of the YAML file. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Of an action written through the API: the file of its pack that it came from or was written to, relative to the pack. */
  readonly metadataFile?: string;
}

/** StackStorm's parameter schema: draft-4 without array-valued `type`, plus draft-3 `required` and three words of its own. */
export interface ParameterSchema extends JsonObject {
  readonly type?: "array" | "boolean" | "integer" | "null" | "number" | "object" | "string";
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: boolean;
  readonly secret?: boolean;
  readonly immutable?: boolean;
  readonly position?: number;
  readonly enum?: readonly unknown[];
}
export type ParameterSchemas = Readonly<Record<string, ParameterSchema>>;

export interface PackDefinition {
  readonly ref: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly author: string;
  readonly email: string;
  readonly keywords: readonly string[];
  readonly dependencies: readonly string[];
  /** Absolute directory of the pack. */
  readonly path: string;
  /** True for packs that come with Raicho; one of the same name found elsewhere replaces it. */
  readonly bundled: boolean;
  /** config.schema.yaml, or {} when there is none. */
  readonly configSchema: ParameterSchemas;
  /** `<configs>/<pack>.yaml` with schema defaults applied; strings may hold Jinja (datastore lookups). */
  readonly config: JsonObject;
}

export interface ActionDefinition {
  readonly ref: string;
  readonly pack: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly runner: string;
  /** Relative to `<pack>/actions/`, as written. */
  readonly entryPoint: string;
  /** Absolute path of the entry point, or "" when the runner needs none. */
  readonly entryPath: string;
  /** The action's own parameters (not merged with the runner's). */
  readonly parameters: ParameterSchemas;
  readonly outputSchema: JsonObject;
  /** What of it can be checked: not an older form (just properties), and nothing malformed. */
  readonly checkedOutput: JsonObject | undefined;
  readonly notify: JsonObject;
  readonly tags: readonly unknown[];
  /** What to do when the worker that ran it is lost: run again, or end as `abandoned`. */
  readonly onWorkerLost: "rerun" | "abandon" | undefined;
  /** Label of the workers that may run it; undefined = it does not say. */
  readonly pool?: string | undefined;
  readonly source: SourcePosition;
}

/** A criterion of a rule: `trigger.payload.path` → {type, pattern, condition?}. */
export interface Criterion {
  readonly type: string;
  readonly pattern: unknown;
  readonly condition?: string;
}

export interface RuleDefinition {
  readonly ref: string;
  readonly pack: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly trigger: { readonly type: string; readonly parameters: JsonObject };
  /** Keys in file order. */
  readonly criteria: Readonly<Record<string, Criterion>>;
  /** Raicho's own: a JSONata expression over {trigger, …}; all of `criteria` and `when` must hold. */
  readonly when: string | undefined;
  /** `pool`: label of the workers that run it, whatever the action itself says. */
  readonly action: {
    readonly ref: string;
    readonly parameters: JsonObject;
    readonly pool?: string;
  };
  readonly type: { readonly ref: "standard" | "backstop"; readonly parameters: JsonObject };
  readonly context: JsonObject;
  readonly tags: readonly unknown[];
  readonly source: SourcePosition;
}

export interface TriggerTypeDefinition {
  readonly ref: string;
  readonly pack: string;
  readonly name: string;
  readonly description: string;
  readonly payloadSchema: JsonObject;
  readonly parametersSchema: JsonObject;
  readonly source: SourcePosition;
}

export interface SensorDefinition {
  readonly ref: string;
  readonly pack: string;
  readonly className: string;
  readonly entryPoint: string;
  readonly entryPath: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly pollInterval: number | undefined;
  readonly triggerTypes: readonly TriggerTypeDefinition[];
  readonly source: SourcePosition;
}

export interface AliasDefinition extends JsonObject {
  readonly ref: string;
  readonly pack: string;
  readonly name: string;
  readonly source: SourcePosition;
}

export interface PolicyDefinition {
  readonly ref: string;
  readonly pack: string;
  readonly name: string;
  readonly resourceRef: string;
  readonly policyType: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly parameters: JsonObject;
  readonly source: SourcePosition;
}

/** A trigger that a client made: looked for and named as it says, also where no rule listens to it. */
export interface TriggerDefinition {
  readonly ref: string;
  readonly pack: string;
  readonly name: string;
  readonly description: string;
  /** Ref of its trigger type. */
  readonly type: string;
  readonly parameters: JsonObject;
  readonly source: SourcePosition;
}

/** A workflow file (Orquesta) as parsed YAML; `workflows` compiles it. */
export interface WorkflowSource {
  /** Ref of the action that runs it. */
  readonly action: string;
  readonly text: string;
  /** The parsed YAML document. */
  readonly document: unknown;
  /** sha256 of `text`, hex: executions are pinned to it. */
  readonly hash: string;
  readonly source: SourcePosition;
}

/** One YAML file of a declarative kind that another room interprets (alert parsers and policies, inventory types). */
export interface DeclarationFile {
  readonly kind:
    | "alert-parser"
    | "alert-policy"
    | "entity-type"
    | "inventory-source"
    | "request-form";
  readonly pack: string;
  readonly name: string;
  readonly document: unknown;
  readonly source: SourcePosition;
}

/** Everything that was found on disk and is free of errors. */
export interface Content {
  readonly packs: ReadonlyMap<string, PackDefinition>;
  readonly actions: ReadonlyMap<string, ActionDefinition>;
  readonly rules: ReadonlyMap<string, RuleDefinition>;
  readonly triggerTypes: ReadonlyMap<string, TriggerTypeDefinition>;
  /** Only those that clients made; rules have their own. */
  readonly triggers: ReadonlyMap<string, TriggerDefinition>;
  readonly sensors: ReadonlyMap<string, SensorDefinition>;
  readonly aliases: ReadonlyMap<string, AliasDefinition>;
  readonly policies: ReadonlyMap<string, PolicyDefinition>;
  /** By action ref. */
  readonly workflows: ReadonlyMap<string, WorkflowSource>;
  readonly declarations: readonly DeclarationFile[];
  /** Names of runners that were switched off. */
  readonly runnersOff: ReadonlySet<string>;
}

/** Kinds of definitions that can also be written through the API. */
export const definitionKinds = [
  "action",
  "alias",
  "policy",
  "rule",
  "runner",
  "trigger",
  "trigger-type",
] as const;
export type DefinitionKind = (typeof definitionKinds)[number];

/** A definition written through the API, as its file would say it; null: removed, whatever a file says. */
export interface StoredDefinition {
  readonly kind: DefinitionKind;
  readonly pack: string;
  readonly name: string;
  readonly document: JsonObject | null;
}

/** Every trigger that is looked for, each maybe more than once: those that clients made and those of enabled rules. */
export function triggersInUse({
  rules,
  triggers,
}: Pick<Content, "rules" | "triggers">): readonly Pick<TriggerDefinition, "type" | "parameters">[] {
  const listened = [...rules.values()].filter(({ enabled }) => enabled);
  return [...listened.map(({ trigger }) => trigger), ...triggers.values()];
}
