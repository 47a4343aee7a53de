/** A workflow from a document: TODO items become actions or inquiries, check commands are run, approvals and looks at the result are inquiries with roles.
 * What is generated is a proposal: its action is disabled until somebody approved it. */
import { splitText } from "../expressions/delimiters.ts";
import type { JsonObject } from "../model/json.ts";
import type { Approval, RunbookDocument, Tongue, TodoItem } from "./document.ts";

export interface Generating {
  readonly document: RunbookDocument;
  readonly commit: string;
  readonly tongue: Tongue;
  /** Parameters of an action's block, as YAML reads them. */
  readonly input: (text: string) => JsonObject;
}

export interface Generated {
  /** Name of the action and of its file. */
  readonly name: string;
  /** Metadata of the action. */
  readonly action: JsonObject;
  /** Orquesta. */
  readonly workflow: JsonObject;
}

const words = {
  done: { ja: "完了しましたか: ", en: "Is this done: " },
  agreed: { ja: "承認しますか", en: "Do you agree" },
  finished: { ja: "自動作業が終わりました。", en: "The automated work is done." },
  refused: { ja: "承認されなかったので止まりました。", en: "It stopped: somebody did not agree." },
} as const;

/** A week, in minutes. */
const patience = 10_080;

/** `dns/add-record.ja.md` → `dns_add_record`. */
export function workflowName(path: string): string {
  return path
    .replace(/(?:\.(?:ja|en))?\.md$/, "")
    .replace(/^.*?runbooks\//, "")
    .replaceAll(/\W+/g, "_")
    .toLowerCase();
}

/** A task before it is written down: whom it waits for, what it does. */
interface Step {
  readonly name: string;
  readonly after: readonly string[];
  readonly action: string;
  readonly input: JsonObject;
  /** Goes on only when the answer is yes. */
  readonly asks: boolean;
}

export function generateWorkflow(given: Generating): Generated {
  const { document, commit } = given;
  const name = workflowName(document.path);
  const steps = stepsOf(given);
  const about = `${document.title} (${document.path}, ${commit.slice(0, 12)})`;
  return {
    name,
    action: {
      name,
      description: plain(about),
      runner_type: "orquesta",
      enabled: false,
      entry_point: `workflows/${name}.yaml`,
      parameters: {
        ticket: { type: "object", required: true, description: "The ticket that asks." },
        sub_ticket: {
          type: "string",
          default: "",
          description: "Sub-ticket that is told of the end.",
        },
      },
    },
    workflow: {
      version: 1.0,
      description: plain(about),
      input: ["ticket", { sub_ticket: "" }],
      vars: [{ fields: {} }, { servers: [] }, { components: [] }],
      tasks: tasksOf(steps, given),
      output: [{ document: plain(document.path) }, { commit }],
    },
  };
}

/** Text of the document that no language takes for its own, where nothing is filled in. */
function plain(text: string): string {
  return text.replaceAll(/\{(?=[{%])|<(?=[%$])/g, (sign) => `${sign} `);
}

/** Text as one JSONata expression, so that `{{ }}` and the like in it stay text. */
function textExpression(text: string): string {
  const parts = splitText(text, "jsonata");
  if (!parts.some(({ expression }) => expression) && plain(text) === text) return text;
  const pieces = parts.flatMap(({ expression, source, text: written }) =>
    expression ? [`(${source})`] : literal(written),
  );
  return `<$ ${pieces.join(" & ")} $>`;
}

/** A literal cut where delimiters would stand. */
function literal(text: string): readonly string[] {
  return text.split(/(?<=[{<])(?=[{%$])|(?<=[}%$])(?=[}>])/).map((piece) => JSON.stringify(piece));
}

function stepsOf({ document, tongue, input }: Generating): readonly Step[] {
  const before = document.approvals.filter(({ when }) => when === "before");
  const after = document.approvals.filter(({ when }) => when === "after");
  const steps: Step[] = [];
  let last = "check";
  for (const [index, approval] of before.entries()) {
    const step = askStep(`approve_${index + 1}`, [last], question(approval, tongue));
    steps.push(step);
    last = step.name;
  }
  const items = itemSteps(document.todo, last, { tongue, input });
  steps.push(...items);
  let ends = items.length === 0 ? [last] : endsOf(items);
  for (const [index, approval] of after.entries()) {
    const step = askStep(`look_${index + 1}`, ends, question(approval, tongue));
    steps.push(step);
    ends = [step.name];
  }
  return [...steps, { name: "finish", after: ends, action: "core.noop", input: {}, asks: false }];
}

function question(
  { role, ask }: Approval,
  tongue: Tongue,
): { text: string; roles: readonly string[] } {
  return { text: ask === role ? `${words.agreed[tongue]} (${role})` : ask, roles: [role] };
}

function askStep(
  name: string,
  after: readonly string[],
  { text, roles }: { readonly text: string; readonly roles: readonly string[] },
): Step {
  const answer = { type: "boolean", description: textExpression(text), required: true };
  return {
    name,
    after,
    action: "core.ask",
    input: {
      route: "runbook",
      ...(roles.length === 0 ? {} : { roles: [...roles] }),
      ttl: patience,
      schema: { type: "object", properties: { approved: answer } },
    },
    asks: true,
  };
}

/** Each item waits for those it names, else for the one before it. */
function itemSteps(
  todo: readonly TodoItem[],
  first: string,
  { tongue, input }: Pick<Generating, "tongue" | "input">,
): readonly Step[] {
  const names = new Map<string, string>();
  let last = first;
  return todo.map(({ text, action }, index) => {
    const name = `todo_${index + 1}`;
    const named = action?.after?.flatMap((one) => names.get(one) ?? []) ?? [];
    const after = named.length > 0 ? named : [last];
    last = name;
    if (action?.name !== undefined) names.set(action.name, name);
    return action === undefined
      ? askStep(name, after, { text: words.done[tongue] + text, roles: [] })
      : { name, after, action: action.ref, input: input(action.input), asks: false };
  });
}

/** Steps that no other waits for. */
function endsOf(steps: readonly Step[]): readonly string[] {
  const awaited = new Set(steps.flatMap(({ after }) => after));
  return steps.map(({ name }) => name).filter((name) => !awaited.has(name));
}

function tasksOf(steps: readonly Step[], { document, commit, tongue }: Generating): JsonObject {
  const followers = (name: string): readonly string[] =>
    steps.filter(({ after }) => after.includes(name)).map((step) => step.name);
  const done = "<% succeeded() %>";
  const tasks: Record<string, JsonObject> = {
    read: {
      action: "runbook.plan_checks",
      input: {
        document: document.path,
        ticket: "<% ctx().ticket %>",
        ...(/^[0-9a-f]{40,64}$/.test(commit) ? { version: commit } : {}),
        language: tongue,
      },
      next: [
        {
          when: done,
          publish: [
            { fields: "<% result().request.fields %>" },
            { servers: "<% result().request.servers %>" },
            { components: "<% result().request.components %>" },
            { planned: "<% result().checks %>" },
          ],
          do: ["check"],
        },
      ],
    },
    check: {
      action: "runbook.run_checks",
      input: { checks: "<% ctx().planned %>", language: tongue },
      next: [{ when: done, do: followers("check") }],
    },
  };
  for (const step of steps) tasks[step.name] = taskOf(step, followers(step.name), tongue);
  return { ...tasks, ...endOf(tasks["finish"] ?? {}, tongue) };
}

/** The sub-ticket, where one is named, is told of the end. */
function endOf(finish: JsonObject, tongue: Tongue): JsonObject {
  return {
    finish: {
      ...finish,
      next: [{ when: "<% succeeded() and ctx().sub_ticket != '' %>", do: ["tell"] }],
    },
    tell: {
      action: "ticket.comment",
      input: { ticket: "<% ctx().sub_ticket %>", text: words.finished[tongue] },
    },
  };
}

function taskOf(
  { after, action, input, asks }: Step,
  next: readonly string[],
  tongue: Tongue,
): JsonObject {
  const yes = asks ? "<% succeeded() and result().response.approved %>" : "<% succeeded() %>";
  const no = "<% succeeded() and not result().response.approved %>";
  const onward = [
    ...(next.length === 0 ? [] : [{ when: yes, do: [...next] }]),
    ...(asks ? [{ when: no, publish: [{ ended: words.refused[tongue] }], do: ["fail"] }] : []),
  ];
  return {
    ...(after.length > 1 ? { join: "all" } : {}),
    action,
    ...(Object.keys(input).length === 0 ? {} : { input }),
    ...(onward.length === 0 ? {} : { next: onward }),
  };
}
