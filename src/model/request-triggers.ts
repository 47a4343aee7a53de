/** Trigger types of requests and of their documents. */
import { builtin, object, text, type BuiltinTriggerType } from "./builtin-trigger.ts";

const texts = { type: "array", items: { type: "string" } } as const;

const request = {
  ticket: {
    ...object,
    description:
      "key, backend, url, summary, description, components, status, reporter, assignee, created, updated, fields.",
  },
  components: texts,
};

export const requestTriggerTypes: readonly BuiltinTriggerType[] = [
  builtin("request", "created", "A ticket asks for work, and nothing is prepared yet.", {
    payload: request,
  }),
  builtin("request", "updated", "A request that was prepared was changed.", { payload: request }),
  builtin("forms", "submitted", "Somebody sent in a request form.", {
    payload: {
      form: text,
      submission: { type: "string", description: "One per form that was shown." },
      user: text,
      fields: { ...object, description: "As filled in, by name." },
      ticket: { ...object, description: "The ticket in the words of ticket.open." },
    },
  }),
  builtin("runbook", "proposed", "Somebody proposed a change of a document for review.", {
    payload: {
      document: text,
      branch: text,
      commit: text,
      user: text,
      message: text,
      ticket: { description: "Ticket at which it was noticed, or null." },
    },
  }),
  builtin("runbook", "repo.updated", "A change of the documents was merged.", {
    payload: {
      commit: text,
      head: { type: "string", description: "The newest commit." },
      branch: text,
      files: texts,
      author: text,
      email: text,
      at: text,
      subject: text,
    },
  }),
];
