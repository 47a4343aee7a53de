/** The datastore, packs, and what runs. */
import type { Topic } from "./step.ts";

export const machineTopics: readonly Topic[] = [
  {
    about: "datastore",
    steps: [
      {
        command: "key set",
        args: "trial.a 1 -l 600",
        prints: ["trial.a", "expire_timestamp"],
        seen: "with `-l`, `-e`, `--encrypted`, `-s user`",
      },
      {
        command: "key set",
        args: "trial.secret hush -e",
        prints: ["trial.secret"],
        hides: ["hush"],
      },
      { command: "key set", args: "trial.mine 2 -s user", prints: [/scope\W+(st2kv\.)?user/] },
      {
        command: "key get",
        args: "trial.a",
        prints: ["trial.a", "1"],
        seen: "secrets as ciphertext, `-d` in the clear",
      },
      { command: "key get", args: "trial.secret", hides: ["hush"] },
      { command: "key get", args: "trial.secret -d", prints: ["hush"] },
      {
        command: "key get",
        args: "trial.secret -j",
        prints: [/"value": "([0-9A-F]{60,})"/],
        remember: ["cipher", /"value": "([0-9A-F]+)"/],
      },
      { command: "key set", args: "trial.sealed {cipher} --encrypted", prints: ["trial.sealed"] },
      { command: "key get", args: "trial.sealed -d", prints: ["hush"] },
      { command: "key get", args: "trial.mine -s user", prints: ["trial.mine", "2"] },
      {
        command: "key get",
        args: "trial.none",
        code: 1,
        prints: ['Key Value Pair "trial.none" is not found'],
      },
      {
        command: "key list",
        args: "-n 5",
        prints: ["trial.a", "trial.mine"],
        seen: "all scopes; by prefix, scope, user",
      },
      { command: "key list", args: "-s all -d", prints: ["trial.mine", "hush"] },
      {
        command: "key list",
        args: "-s user -u admin",
        prints: ["trial.mine"],
        hides: ["trial.a "],
      },
      {
        command: "key list",
        args: "--prefix trial.s",
        prints: ["trial.secret"],
        hides: ["trial.a "],
      },
      {
        command: "key load",
        args: "{files}/keys.json",
        prints: ["trial.loaded"],
        seen: "from JSON or YAML; `-c` turns other values into JSON",
      },
      { command: "key load", args: "-c {files}/keys.yaml", prints: ["trial.list"] },
      {
        command: "key delete",
        args: "trial.mine -s user",
        prints: ["successfully deleted"],
        seen: "gone",
      },
      {
        command: "key delete_by_prefix",
        args: "-p trial.",
        prints: ["Deleted"],
        seen: "all that begin so",
      },
      { command: "key list", args: "--prefix trial.", prints: ["No matching items found"] },
    ],
  },
  {
    about: "packs",
    steps: [
      { command: "pack list", prints: ["core", "shop"], seen: "installed packs" },
      { command: "pack get", args: "shop", prints: ["0.1.0"], seen: "one of them" },
      { command: "pack search", args: "offers", prints: ["gadget"], seen: "in the index" },
      {
        command: "pack show",
        args: "gadget",
        prints: ["gadget", "0.1.0"],
        seen: "what the index says",
      },
      {
        command: "pack install",
        args: "gadget",
        prints: ["following content will be registered", "gadget", "0.1.0"],
        seen: "followed over the stream to its end; by name, address or file",
      },
      { command: "run", args: "gadget.turn", prints: ["turned"] },
      { command: "pack install", args: "no_such_pack", code: 1 },
      {
        command: "pack register",
        args: "shop --types actions",
        prints: ["actions"],
        seen: "counts by type",
      },
      {
        command: "pack config",
        args: "plain",
        types: ["east", "5", "n", "y"],
        code: 2,
        prints: ["retries (integer) [3]: 5", "get_bottom_toolbar_tokens"],
        seen: "the form at a terminal; the client itself ends where a field has a description, its last question too (prompt_toolkit 3)",
      },
      { command: "pack remove", args: "gadget", prints: ["gadget"], seen: "followed to its end" },
      { command: "action get", args: "gadget.turn", code: 1 },
    ],
  },
  {
    about: "other",
    steps: [
      {
        command: "workflow inspect",
        args: "--file {packs}/shop/actions/workflows/deliver.yaml",
        prints: ["No errors found"],
        seen: "errors of a definition; `--action` looks below `/opt/stackstorm`, on the client's machine",
      },
      {
        command: "workflow inspect",
        args: "--file {files}/broken.yaml",
        prints: ['The task "two" is not defined'],
      },
      { command: "service-registry group list", prints: ["door", "worker"], seen: "what runs" },
      { command: "service-registry member list", prints: ["hostname"], seen: "each process" },
    ],
  },
];
