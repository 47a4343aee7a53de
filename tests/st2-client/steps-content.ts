/** Content of packs, but for rules. */
import type { Topic } from "./step.ts";

export const contentTopics: readonly Topic[] = [
  {
    about: "actions",
    steps: [
      {
        command: "action create",
        args: "{files}/action.yaml",
        prints: ["default.greet"],
        seen: "from a file",
      },
      { command: "action create", args: "{files}/action.yaml", code: 2, prints: ["409"] },
      {
        command: "action list",
        args: "-p shop",
        prints: ["shop.count", "shop.deliver"],
        seen: "by pack; `-a all`, widths, JSON, YAML",
      },
      { command: "action list", args: "-a all -w 20", prints: ["core.local"] },
      {
        command: "action get",
        args: "core.local -j",
        prints: ['"ref": "core.local"'],
        seen: "with the parameters of the runner",
      },
      {
        command: "action get",
        args: "no.such",
        code: 1,
        prints: ['Action "no.such" is not found'],
      },
      {
        command: "action update",
        args: "default.greet {files}/action2.yaml",
        prints: ["Greets twice"],
        seen: "replaced",
      },
      {
        command: "action disable",
        args: "default.greet",
        prints: [/enabled\W+False/],
        seen: "cannot be run",
      },
      { command: "run", args: "default.greet", code: 1, prints: ["disabled"] },
      {
        command: "action enable",
        args: "default.greet",
        prints: [/enabled\W+True/],
        seen: "can be run again",
      },
      { command: "run", args: "default.greet", prints: ["succeeded"] },
      {
        command: "action clone",
        args: "shop.count default counted",
        prints: ["default.counted"],
        seen: "copied with its file; `-f` over another",
      },
      {
        command: "action clone",
        args: "shop.count default counted -f",
        prints: ["default.counted"],
      },
      { command: "run", args: "default.counted word=copied last=1", prints: ["copied 1"] },
      {
        command: "action delete",
        args: "default.counted -r",
        prints: ["successfully deleted"],
        seen: "gone; `-r` with its files",
      },
      { command: "action delete", args: "default.greet", prints: ["successfully deleted"] },
    ],
  },
  {
    about: "triggers and sensors",
    steps: [
      {
        command: "trigger create",
        args: "{files}/trigger.yaml",
        prints: ["default.rang"],
        seen: "from a file",
      },
      { command: "trigger list", args: "-p default", prints: ["default.rang"], seen: "by pack" },
      {
        command: "trigger get",
        args: "default.rang -j",
        prints: ["default.rang"],
        seen: "with its schemas",
      },
      {
        command: "trigger update",
        args: "default.rang {files}/trigger2.yaml",
        prints: ["It rang twice"],
        seen: "replaced",
      },
      {
        command: "trigger getspecs",
        args: "core.st2.webhook",
        prints: ["core.st2.webhook"],
        seen: "the triggers made from it",
      },
      {
        command: "trigger delete",
        args: "default.rang",
        prints: ["successfully deleted"],
        seen: "gone",
      },
      { command: "sensor list", args: "-p shop", prints: ["shop.Clock"], seen: "by pack" },
      { command: "sensor get", args: "shop.Clock", prints: ["shop.tick"], seen: "one sensor" },
      {
        command: "sensor disable",
        args: "shop.Clock",
        prints: [/enabled\W+False/],
        seen: "stopped",
      },
      { command: "sensor enable", args: "shop.Clock", prints: [/enabled\W+True/], seen: "started" },
      { command: "runner list", prints: ["orquesta", "python-script"], seen: "all runners" },
      { command: "runner get", args: "noop", prints: ["noop"], seen: "one runner" },
      {
        command: "runner disable",
        args: "noop",
        prints: [/enabled\W+False/],
        seen: "its actions are refused",
      },
      {
        command: "runner enable",
        args: "noop",
        prints: [/enabled\W+True/],
        seen: "accepted again",
      },
    ],
  },
  {
    about: "policies",
    steps: [
      {
        command: "policy-type list",
        args: "-r action",
        prints: ["concurrency", "retry"],
        seen: "StackStorm's types",
      },
      {
        command: "policy-type get",
        args: "action.concurrency",
        prints: ["threshold"],
        seen: "with its parameters",
      },
      {
        command: "policy create",
        args: "{files}/policy.yaml",
        prints: ["default.one"],
        seen: "from a file; it holds at once",
      },
      {
        command: "policy list",
        args: "-r core.noop -pt action.concurrency",
        prints: ["default.one"],
        seen: "by pack, action, type",
      },
      { command: "policy get", args: "default.one", prints: ["threshold"], seen: "one policy" },
      {
        command: "policy update",
        args: "default.one {files}/policy2.yaml",
        prints: ["At most two"],
        seen: "replaced",
      },
      {
        command: "policy delete",
        args: "default.one",
        prints: ["successfully deleted"],
        seen: "gone",
      },
    ],
  },
];
