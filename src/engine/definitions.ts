/** Content, compiled for the engine. Immutable; a reload makes another one, and what runs goes on with its own. */
import { compileParsers, type AlertParser } from "../alerts/definition.ts";
import { compileAlertPolicies, type AlertPolicies } from "../alerts/policy.ts";
import type { Content, DeclarationFile } from "../model/definitions.ts";
import { compilePolicies } from "../policies/policy.ts";
import { compileRules } from "../rules/index.ts";
import { compilePlan } from "../workflows/course.ts";
import type { Definitions } from "./core.ts";

export interface CompiledContent extends Definitions {
  readonly parsers: readonly AlertParser[];
  readonly alertPolicies: AlertPolicies;
  readonly types: readonly DeclarationFile[];
  readonly sources: readonly DeclarationFile[];
  /** Urls of webhooks that some rule listens to (as in StackStorm also one that is switched off, so that senders notice nothing), or that a client made a
   * trigger for. */
  readonly webhooks: ReadonlySet<string>;
  /** What is wrong beyond what content itself found. */
  readonly problems: readonly string[];
}

/** Compiles rules and parsers at once, workflows when they are first used. */
export function compileContent(content: Content): CompiledContent {
  const rules = [...content.rules.values()];
  const enabled = rules.filter((rule) => rule.enabled);
  const listened = new Set(enabled.map((rule) => rule.trigger.type));
  const { parsers, problems } = compileParsers(content.declarations);
  const alerts = compileAlertPolicies(content.declarations);
  const compiled = new Map<string, ReturnType<Definitions["workflow"]>>();
  return {
    content,
    rules: compileRules(rules),
    policies: compilePolicies(content.policies.values()),
    parsers,
    alertPolicies: alerts.policies,
    types: content.declarations.filter(({ kind }) => kind === "entity-type"),
    sources: content.declarations.filter(({ kind }) => kind === "inventory-source"),
    problems: [...problems, ...alerts.problems].map(({ message }) => message),
    webhooks: new Set(
      [...rules.map(({ trigger }) => trigger), ...content.triggers.values()]
        .filter(({ type }) => type === "core.st2.webhook")
        .map(({ parameters }) => webhookUrl(parameters["url"])),
    ),
    listens: (trigger) => listened.has(trigger),
    workflow: (action) => {
      if (compiled.has(action)) return compiled.get(action);
      const source = content.workflows.get(action);
      const runner = content.actions.get(action)?.runner ?? "orquesta";
      const made = source === undefined ? undefined : compile(runner, source);
      compiled.set(action, made);
      return made;
    },
  };
}

/** As StackStorm: slashes around a url do not count. */
export function webhookUrl(url: unknown): string {
  return String(url).replaceAll(/^\/+|\/+$/g, "");
}

function compile(
  runner: string,
  { document, hash, text }: { document: unknown; hash: string; text: string },
): ReturnType<Definitions["workflow"]> {
  const compiled = compilePlan(runner, document);
  return "plan" in compiled ? { plan: compiled.plan, hash, text } : compiled;
}
