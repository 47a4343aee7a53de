/** `raicho replay INSTANCE [--dry-run]`: lets something happen again, or tells what would. */
import { isObject, type JsonObject } from "../model/json.ts";
import { exitCodes, type CommandSetup } from "./cli.ts";
import { asVerb, type Asked } from "./verb.ts";

export const setUpReplay: CommandSetup = (command, cli) =>
  asVerb(command, cli, {
    usage: "<instance>",
    summary:
      "Let a trigger instance happen again; with --dry-run only tell which rules would fire.",
    options: [["--dry-run", "store nothing and start nothing; exit code 1 when a rule would fail"]],
    examples: ["replay 6740b1f2c3d4e5f600000001 --dry-run"],
    run: async ({ args: [id = ""], options, client, print, cli: own }) => {
      const place = `/triggerinstances/${encodeURIComponent(id)}`;
      if (options["dryRun"] !== true) {
        const answer = await client.object("POST", `${place}/re_emit`);
        await print.one(answer, ["message", "payload"]);
        return;
      }
      const answer = await client.object("GET", `${place}/rehearsal`, { service: "own" });
      const given: unknown = answer["rules"];
      const rules = (Array.isArray(given) ? given : []).filter(isObject);
      await tell(rules, print);
      if (rules.some(({ outcome }) => outcome === "fails")) own.end(exitCodes.failed);
    },
  });

async function tell(rules: readonly JsonObject[], print: Asked["print"]): Promise<void> {
  await print.list(rules, {
    columns: ["rule", "outcome", "action", "parameters", "reason"],
    nothing: "No rule would fire",
  });
}
