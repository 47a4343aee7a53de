/** What the routes for deploys answer: impact, hosts, owners, pictures. */
import {
  anything,
  either,
  file,
  flag,
  list,
  map,
  named,
  object,
  ok,
  oneOf,
  orNull,
  text,
  textOrNull,
  uuid,
  uuidOrNull,
  whole,
  type Answer,
} from "./answer-schemas.ts";

const person = orNull(
  object({
    id: uuidOrNull,
    name: text,
    login: textOrNull,
    mail: textOrNull,
    phone: textOrNull,
    jira_account: textOrNull,
  }),
);
const team = orNull(
  object({
    id: uuid,
    name: text,
    code: textOrNull,
    mail: textOrNull,
    chat: textOrNull,
    jira_group: textOrNull,
  }),
);
const end = object({ id: uuid, type: text, name: text, device: text });

export const deployAnswers: Readonly<Record<string, Answer>> = {
  "get /entries/:id/impact": ok(
    object({
      entry: named("EntryName"),
      counts: map(whole),
      affected: list(
        object({ id: uuid, type: text, name: text, depth: whole, via: text, attribute: text }),
      ),
      truncated: flag,
    }),
  ),
  "get /ansible": ok({
    type: "object",
    properties: {
      _meta: object({ hostvars: map(map(anything)) }),
      all: object({ hosts: list(text), children: list(text) }),
    },
    required: ["_meta", "all"],
    additionalProperties: object({ hosts: list(text) }),
  }),
  "get /suggest": ok(object({ suggestions: list(named("EntryName")) })),
  "get /hosts": ok(
    either(
      object({
        found: oneOf(true),
        host: named("Entry"),
        matched: object({ by: text, attribute: text, value: text }),
      }),
      object({ found: oneOf(false), reason: text, candidates: list(named("Entry")) }),
    ),
  ),
  "get /owners": ok(
    object({
      kind: oneOf("person", "team", "unknown"),
      via: text,
      person,
      team,
      leader: person,
      leader_via: oneOf("team.lead", "default_leader", "none"),
      host: orNull(named("EntryName")),
      notes: list(text),
    }),
  ),
  "post /render": ok(object({ text })),
  "get /entries/:id/elevation": ok(
    object({
      name: text,
      place: text,
      units: whole,
      devices: list(
        object({
          id: uuid,
          name: text,
          position: whole,
          height: whole,
          face: oneOf("front", "rear"),
          deep: flag,
          status: text,
          kind: text,
        }),
      ),
      unplaced: list(text),
    }),
  ),
  "get /entries/:id/elevation.svg": file("image/svg+xml"),
  "get /entries/:id/trace": ok(
    object({
      start: end,
      hops: list(
        object(
          { kind: oneOf("cable", "panel"), from: end, to: end },
          {
            cable: object({
              id: uuid,
              label: text,
              status: text,
              kind: textOrNull,
              length_m: { type: ["number", "null"] },
            }),
          },
        ),
      ),
      loop: flag,
    }),
  ),
  "get /entries/:id/trace.svg": file("image/svg+xml"),
};
