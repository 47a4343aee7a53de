/** JSON schema of action-chain files, as StackStorm has it. */
import type { JsonObject } from "../model/json.ts";

const notification: JsonObject = {
  type: "object",
  properties: {
    message: { type: "string", description: "Message to use for notification" },
    data: { type: "object", description: "Data to be sent as part of notification" },
    routes: { type: "array", description: "Channels to post notifications to." },
    channels: { type: "array", description: "Channels to post notifications to." },
  },
  additionalProperties: false,
};

const words: JsonObject = { type: "object", patternProperties: { "^\\w+$": {} } };

const nodeProperties: JsonObject = {
  name: { type: "string", required: true, description: "The name of this node." },
  ref: { type: "string", required: true, description: "Ref of the action to be executed." },
  params: { type: "object", default: {}, description: "Old name of `parameters`." },
  parameters: { type: "object", default: {}, description: "Parameter for the execution." },
  "on-success": { type: "string", default: "", description: "Node to invoke after success." },
  "on-failure": { type: "string", default: "", description: "Node to invoke after failure." },
  publish: { ...words, description: "Variables to publish from the result." },
  notify: {
    type: "object",
    description: "Notification settings for action.",
    properties: {
      "on-complete": notification,
      "on-failure": notification,
      "on-success": notification,
    },
    additionalProperties: false,
  },
};

export const nodeKeys = Object.keys(nodeProperties);

/** A node; StackStorm refuses unknown keys in the first node only. */
export const nodeSchema: JsonObject = {
  title: "Node",
  description: "Node of an ActionChain.",
  type: "object",
  properties: nodeProperties,
  additionalProperties: false,
};

export const chainSchema: JsonObject = {
  title: "ActionChain",
  description: "A chain of sequentially executed actions.",
  type: "object",
  properties: {
    chain: { type: "array", items: [nodeSchema], required: true, description: "The chain." },
    default: { type: "string", description: "name of the action to be executed." },
    vars: { ...words, description: "" },
  },
  additionalProperties: false,
};
