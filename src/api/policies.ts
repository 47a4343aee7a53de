/** `/policies`, `/policytypes`. */
import type { Content, PolicyDefinition } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import type { Door } from "./door.ts";
import { metadataFile } from "./action-view.ts";
import { idFor } from "./ids.ts";
import { objectIn } from "./bodies.ts";
import { definitionRoutes, plainDocument } from "./definition-routes.ts";
import { assertFits, policySchema } from "./definition-schemas.ts";
import { answerList } from "./lists.ts";
import { AppError } from "../model/errors.ts";
import { refusal } from "./query.ts";
import { amongRows } from "./resources.ts";
import { on, Routes } from "./routes.ts";

const threshold = { type: "integer", required: true, description: "Concurrency threshold." };
const whatThen = {
  type: "string",
  enum: ["delay", "cancel"],
  default: "delay",
  description: "What happens to an execution once the threshold is reached.",
};

const seconds = { type: "number", required: true } as const;
const gateKey = {
  type: "string",
  required: false,
  description:
    "Jinja or JSONata over the parameters; executions with the same value share the limit.",
} as const;

const policyTypes: readonly JsonObject[] = (
  [
    [
      "concurrency",
      "Limits how many executions of an action run at once.",
      "st2actions.policies.concurrency",
      { threshold, action: whatThen },
    ],
    [
      "concurrency.attr",
      "Limits how many executions of an action with equal parameters run at once.",
      "st2actions.policies.concurrency_by_attr",
      {
        threshold,
        action: whatThen,
        attributes: {
          type: "array",
          items: { type: "string", minLength: 1 },
          uniqueItems: true,
          description: "Parameters that are compared.",
        },
      },
    ],
    [
      "retry",
      "Runs an action again that failed or timed out.",
      "st2actions.policies.retry",
      {
        retry_on: {
          type: "string",
          enum: ["failure", "timeout"],
          required: true,
          description: "After what it is run again.",
        },
        max_retry_count: {
          type: "integer",
          minimum: 1,
          maximum: 5,
          default: 2,
          required: true,
          description: "How often it is run again.",
        },
        delay: {
          type: "number",
          minimum: 0,
          maximum: 120,
          required: false,
          description: "Seconds before it is run again.",
        },
      },
    ],
    [
      "rate_limit",
      "Limits how many executions of an action begin within a time, per key.",
      "raicho.policies.rate_limit",
      {
        limit: {
          type: "integer",
          minimum: 1,
          required: true,
          description: "How many may begin within the time.",
        },
        seconds: { ...seconds, description: "The time, in seconds." },
        key: gateKey,
        action: whatThen,
      },
    ],
    [
      "debounce",
      "Runs an action once for a burst of executions, per key.",
      "raicho.policies.debounce",
      {
        seconds: { ...seconds, description: "Quiet that ends a burst, in seconds." },
        max_seconds: {
          type: "number",
          required: false,
          description: "The longest time that a burst can put off its execution.",
        },
        key: gateKey,
        edge: {
          type: "string",
          enum: ["trailing", "leading"],
          default: "trailing",
          description: "Whether the last one of a burst runs, or the first.",
        },
      },
    ],
  ] as const
).map(([name, description, module, parameters]) => ({
  id: idFor(`policy_type:action.${name}`),
  uid: `policy_type:action:${name}`,
  ref: `action.${name}`,
  name,
  description,
  enabled: true,
  resource_type: "action",
  module,
  parameters,
}));

/** Its parameters must be those of its type. */
function policyDocument(body: JsonObject): JsonObject {
  const type = policyTypes.find(({ ref }) => ref === body["policy_type"]);
  if (type === undefined) throw refusal(`Invalid reference: ${String(body["policy_type"])}`);
  const schema = { type: "object", properties: type["parameters"], additionalProperties: false };
  assertFits(objectIn(body, "parameters"), schema);
  return plainDocument(body);
}

function policyView(content: Content, policy: PolicyDefinition): JsonObject {
  const { ref, pack, name, description, enabled, resourceRef, policyType, parameters } = policy;
  return {
    id: idFor(`policy:${ref}`),
    uid: `policy:${pack}:${name}`,
    ref,
    pack,
    name,
    description,
    enabled,
    resource_ref: resourceRef,
    policy_type: policyType,
    parameters,
    metadata_file: metadataFile(content, pack, policy.source),
  };
}

export function policyRoutes(door: Door): Routes {
  const router = new Routes();
  const { core } = door;
  router.get("/policytypes", "policy_type_list", (request, response) =>
    answerList(request, response, policyTypes, {
      names: ["id"],
      filters: ["name", "resource_type"],
      limit: 100,
    }),
  );
  router.get(
    "/policytypes/:ref",
    on(
      "policy_type_view",
      amongRows(() => policyTypes),
    ),
    (request, response) => {
      const wanted = request.params.ref;
      const found = policyTypes.find(({ id, ref }) => id === wanted || ref === wanted);
      if (found === undefined)
        throw new AppError("NOT_FOUND", [
          `PolicyType with a reference of id "${wanted}" not found.`,
        ]);
      response.json(found);
    },
  );
  definitionRoutes(door, router, "/policies", {
    names: ["id", "uid", "ref", "pack", "name", "policy_type", "resource_ref", "parameters"],
    filters: ["pack", "name", "resource_ref", "policy_type"],
    limit: 100,
    writing: {
      kind: "policy",
      schema: policySchema,
      systemPacksStay: true,
      documentOf: policyDocument,
    },
    resource: "policy",
    rows: () =>
      [...core.definitions().content.policies.values()].map((each) =>
        policyView(core.definitions().content, each),
      ),
  });
  return router;
}
