/** `raicho inventory reindex`: mends what is derived of entries, piece by piece. */
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { rowsOf, service } from "./inventory-entry.ts";
import { formatOf, optionText } from "./output.ts";
import { bar } from "./progress.ts";
import { addVerb, type Asked } from "./verb.ts";

async function reindex({ client, cli, options, print }: Asked): Promise<void> {
  let after = optionText(options, "after");
  let [looked, mended, skipped] = [0, 0, 0];
  const doubles: Record<string, unknown>[] = [];
  do {
    const body = after === undefined ? {} : { after };
    const piece = await client.object("POST", "/inventory/reindex", { service, body });
    looked += Number(piece["looked"]);
    mended += Number(piece["mended"]);
    skipped += Number(piece["skipped"]);
    doubles.push(...rowsOf(piece["doubles"]));
    after = typeof piece["next"] === "string" ? piece["next"] : undefined;
    const total = Math.max(Number(piece["total"]), looked);
    bar(cli, "looking", after === undefined ? total : Math.min(looked, total - 1), total);
  } while (after !== undefined);
  if (formatOf(options) === "table") {
    const left = skipped === 0 ? "" : `; ${skipped} are still to follow their types`;
    print.done(`${looked} entries looked at, ${mended} mended${left}`);
    if (doubles.length > 0)
      await print.list(doubles, { columns: ["key", "value", "holder", "entry"] });
  } else await print.one({ looked, mended, skipped, doubles });
  if (doubles.length > 0)
    throw new CliError(
      exitCodes.failed,
      "some keys are in the documents of two entries: change one of each pair",
    );
}

export const setUpInventoryReindex: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "reindex",
    summary:
      "Derive references, keys, indexes and search text of all entries anew, and mend what differs.",
    options: [["--after <id>", "go on after that entry"]],
    examples: ["inventory reindex"],
    run: reindex,
  });
};
