/** What StackStorm's own tests of its API find when they begin, as far as it can be made through the API, and which of them begin otherwise. */
import type { JsonObject } from "../../src/model/json.ts";
import type { ListedHttpDifference } from "./http-differences.ts";

interface Made {
  readonly path: string;
  readonly body: JsonObject;
}

const text = { type: "string" };

function triggerType(pack: string, name: string, names: readonly string[] = []): Made {
  const properties = Object.fromEntries(names.map((each) => [each, text]));
  const parameters_schema = names.length === 0 ? {} : { type: "object", properties };
  return { path: "/v1/triggertypes", body: { pack, name, parameters_schema, payload_schema: {} } };
}

const action: Made = {
  path: "/v1/actions",
  body: {
    pack: "wolfpack",
    name: "action-1",
    runner_type: "noop",
    parameters: { ip1: text, ip2: text, action_secret: { ...text, secret: true } },
  },
};

function hook(url: string): Made {
  return {
    path: "/v1/rules",
    body: {
      name: `hears_${url}`,
      pack: "wolfpack",
      enabled: true,
      trigger: { type: "core.st2.webhook", parameters: { url } },
      criteria: {},
      action: { ref: "core.noop" },
    },
  };
}

const ground: Readonly<Record<string, readonly Made[]>> = {
  "test_rules.py": [
    action,
    triggerType("wolfpack", "triggertype-1"),
    triggerType("wolfpack", "triggertype_with_params", ["x"]),
    triggerType("wolfpack", "triggertype_with_parameters_2", ["param1"]),
  ],
  "test_triggers.py": ["0", "1", "2"].map((each) =>
    triggerType("dummy_pack_1", `st2.test.triggertype${each}`, ["param1"]),
  ),
  "test_webhooks.py": [hook("git"), hook("sample"), triggerType("git", "pr-merged")],
};

/** What a file of tests finds. */
export function groundOf(file: string): readonly Made[] {
  return ground[file] ?? [];
}

/** Tests that begin with what no client can make, replace a part of StackStorm, or send what the recording leaves out. */
const beginOtherwise: readonly RegExp[] = [
  /^test_(?:executions\w*|inquiries|alias_execution|action_alias|auth|timers|traces|sensortypes|service_registry|rule_views|rule_enforcement\w*|triggerinstances|pack_config\w*|packs_views)\.py/,
  /^test_actions\.py.*(?:_clone|_exception_|_permission_error|none_admin)/,
  /^test_action_views\.py.*(?:get_one|ById)/,
  /^test_auth_api_keys\.py.*(?:get_one|put_api_key|none_admin|post_delete_key$)/,
  /^test_kvps\.py.*(?:all_scope|put_encrypted_value$)/,
  /^test_packs\.py.*(?:get_all|get_one$|_index|search|show|register_endpoint)/,
  /^test_policies\.py.*(?:get_one$|get_all$|filter|_crud|sys_pack|post_duplicate)/,
  /^test_(?:runnertypes|ruletypes)\.py.*get_one$/,
  /^test_webhooks\.py.*(?:get_all|payload_validation_failed)/,
  /^test_triggers\.py.*with_params/,
  /^test_rules\.py.*param_validation_enabled/,
];

export function ungrounded(name: string): boolean {
  return beginOtherwise.some((each) => each.test(name));
}

export const unitDifferences: readonly ListedHttpDifference[] = [
  {
    reason: "What is wrong with an action is said by where it stands and what would be right.",
    cases: /^test_actions\.py.*(?:bad_params|is_array_and_invalid)$/,
    what: /^says /,
  },
  {
    reason: "An action without a description has an empty one.",
    cases: /^test_actions\.py.*no_description_field$/,
    what: /with description$/,
  },
  {
    reason: "An API key is taken over by a hash only when that is one.",
    cases: /^test_auth_api_keys\.py.*same_key_hash$/,
  },
  {
    reason: "Offsets are bounded in every list.",
    cases: /^test_auth_api_keys\.py.*offset_too_large$/,
  },
  {
    reason:
      "A scope in the address counts where the body names none, so that an unknown one is refused.",
    cases: /^test_kvps\.py.*put_invalid_scope$/,
  },
  {
    reason:
      "The schema that is printed after what is wrong with a trigger's parameters is that of Raicho.",
    cases: /^test_rules\.py.*schema_validation_fails/,
    what: /^says /,
  },
  {
    reason:
      "Something that there is not is named; StackStorm says `Unhandled exception`, or how its database looks things up.",
    cases: /^test_(?:triggers|ruletypes)\.py.*_fail/,
    what: /^says /,
  },
  {
    reason: "JSON that calls itself a form is kept as it came; StackStorm drops it.",
    cases: /^test_webhooks\.py.*authentication_headers/,
    what: /^body: with /,
  },
];

/** The reason when everything that was found is listed for that test. */
export function reasonForUnit(name: string, found: readonly string[]): string | undefined {
  const fitting = unitDifferences.filter(({ cases }) => cases.test(name));
  const reasons = found.map(
    (what) => fitting.find((listed) => listed.what === undefined || listed.what.test(what))?.reason,
  );
  return reasons.every((reason) => reason !== undefined)
    ? [...new Set(reasons)].join(" ")
    : undefined;
}
