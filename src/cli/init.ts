/** `raicho init pack|rule|workflow|action NAME`: first files that lint cleanly. Nothing that exists is overwritten. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { CliError, exitCodes, type Cli, type CommandSetup } from "./cli.ts";
import { writeSchemas } from "./schema.ts";

interface Wish {
  readonly name: string;
  /** Directory that the files belong to: of a pack, or of the site. */
  readonly root: string;
  /** Whether that is a pack. */
  readonly inPack: boolean;
  readonly runner: string;
}

type Files = Readonly<Record<string, string>>;

const validName = /^[A-Za-z_][\w.-]*$/;

export const setUpInit: CommandSetup = (command, cli) => {
  command.addHelpText(
    "after",
    `
Examples:
  raicho init pack weather               packs/weather with an action and a rule
  raicho init rule disk_full             rules/disk_full.yaml
  raicho init workflow drain             workflows/drain.yaml
  raicho init action weather.restart --runner python-script
  raicho init rule rains --pack /srv/packs/weather`,
  );
  command
    .command("pack <name>")
    .description("A pack with one action and one rule, below packs/.")
    .action((name: string) => {
      if (!/^[a-z0-9_]+$/.test(name))
        throw new CliError(
          exitCodes.usage,
          `"${name}" cannot be the name of a pack: use small letters, digits and _`,
        );
      const root = resolve(cli.workingDirectory, "packs", name);
      write(cli, root, packFiles({ name, root, inPack: true, runner: "local-shell-script" }));
    });
  for (const kind of ["rule", "workflow"] as const)
    command
      .command(`${kind} <name>`)
      .description(`A ${kind}, of the site or of a pack.`)
      .option("--pack <directory>", "the pack it belongs to; PACK.NAME is the same for packs/PACK")
      .action((name: string, options: { readonly pack?: string }) => {
        const wish = wishOf(cli, name, { ...options, runner: "orquesta" });
        write(cli, wish.root, kind === "rule" ? ruleFiles(wish) : workflowFiles(wish));
      });
  command
    .command("action <name>")
    .description("An action of a pack, with its program.")
    .option("--pack <directory>", "the pack it belongs to; PACK.NAME is the same for packs/PACK")
    .option(
      "--runner <name>",
      "python-script, local-shell-script, typescript or orquesta",
      "python-script",
    )
    .action((name: string, options: { readonly pack?: string; readonly runner: string }) => {
      const wish = wishOf(cli, name, options);
      if (!wish.inPack)
        throw new CliError(
          exitCodes.usage,
          `an action belongs to a pack: write PACK.${name}, or give --pack DIRECTORY`,
        );
      write(cli, wish.root, wish.runner === "orquesta" ? workflowFiles(wish) : actionFiles(wish));
    });
};

/** `PACK.NAME` is a name of that pack; with a pack given, and at the site, names stand alone. */
function placed(written: string, given: string | undefined): { name: string; pack?: string } {
  if (given !== undefined) return { name: written, pack: given };
  const dot = written.indexOf(".");
  if (dot < 1) return { name: written };
  return { name: written.slice(dot + 1), pack: join("packs", written.slice(0, dot)) };
}

function wishOf(
  { workingDirectory }: Cli,
  written: string,
  { runner, ...options }: { readonly pack?: string; readonly runner: string },
): Wish {
  const { name, pack } = placed(written, options.pack);
  if (!validName.test(name))
    throw new CliError(
      exitCodes.usage,
      `"${name}" cannot be a name: use letters, digits, _, - and .`,
    );
  const root = resolve(workingDirectory, pack ?? ".");
  if (pack !== undefined && !existsSync(join(root, "pack.yaml")))
    throw new CliError(
      exitCodes.failed,
      `${pack} is no pack: it has no pack.yaml (raicho init pack NAME makes one)`,
    );
  return { name, root, inPack: pack !== undefined, runner };
}

function write({ terminal, workingDirectory }: Cli, root: string, files: Files): void {
  const places = Object.entries(files).map(([name, text]) => ({ place: join(root, name), text }));
  const taken = places.find(({ place }) => existsSync(place));
  const shown = (place: string): string => relative(workingDirectory, place);
  if (taken !== undefined)
    throw new CliError(
      exitCodes.failed,
      `${shown(taken.place)} exists already; nothing was written`,
    );
  for (const { place, text } of places) {
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text, text.startsWith("#!") ? { mode: 0o755 } : {});
    terminal.write(`${shown(place)}\n`);
  }
  writeSchemas(join(root, ".schemas"));
}

/** The line that tells an editor which schema a file has. */
function head(kind: string, directory: string): string {
  const up = "../".repeat(directory === "" ? 0 : directory.split("/").length);
  return `# yaml-language-server: $schema=${up === "" ? "./" : up}.schemas/${kind}.json\n`;
}

function packFiles(wish: Wish): Files {
  const { name } = wish;
  return {
    "pack.yaml": `${head("pack", "")}ref: ${name}
name: ${name}
description: What this pack is for
version: 0.1.0
author: You
email: you@example.com
`,
    ...actionFiles({ ...wish, name: "hello" }),
    ...ruleFiles({ ...wish, name: "every_hour" }, `${name}.hello`),
  };
}

function ruleFiles({ name, inPack }: Wish, action = "core.noop"): Files {
  const parameters = action === "core.noop" ? "{}" : "\n    name: rule";
  return {
    [`rules/${name}.yaml`]: `${head("rule", "rules")}name: ${name}
${inPack ? "" : "pack: default\n"}description: What happens, and what is done about it
enabled: true
trigger:
  type: core.st2.IntervalTimer
  parameters:
    unit: hours
    delta: 1
# All of them have to hold. raicho rule test shows which do.
criteria:
  trigger.executed_at:
    type: exists
    pattern: ""
action:
  ref: ${action}
  parameters:${parameters.startsWith("\n") ? "" : " "}${parameters}
`,
  };
}

function workflowFiles({ name, inPack }: Wish): Files {
  const place = inPack ? "actions/workflows" : "workflows";
  const workflow = `${head("workflow", place)}version: 1.0
description: What this workflow is for
input:
  - message: hello
tasks:
  say:
    action: core.echo message=<% ctx().message %>
    next:
      - when: <% succeeded() %>
        publish:
          - said: <% result().stdout %>
output:
  - said: <% ctx().said %>
`;
  const vars = workflow.replace("tasks:\n", 'vars:\n  - said: ""\ntasks:\n');
  if (!inPack) return { [`${place}/${name}.yaml`]: vars };
  return {
    [`${place}/${name}.yaml`]: vars,
    [`actions/${name}.yaml`]: `${head("action", "actions")}name: ${name}
description: What this workflow is for
runner_type: orquesta
entry_point: workflows/${name}.yaml
enabled: true
parameters:
  message:
    type: string
    default: hello
`,
  };
}

/** What packs in TypeScript import. */
const packModule = "raicho/pack";

const programs: Readonly<Record<string, { readonly suffix: string; readonly text: string }>> = {
  "python-script": {
    suffix: "py",
    text: `from st2common.runners.base_action import Action


class Hello(Action):
    def run(self, name):
        self.logger.info("greeting %s", name)
        return True, {"greeting": "Hello, %s!" % name}
`,
  },
  "local-shell-script": {
    suffix: "sh",
    text: `#!/bin/sh
# The parameter with position 0.
echo "Hello, $1!"
`,
  },
  typescript: {
    suffix: "ts",
    text: `import { defineAction } from ${JSON.stringify(packModule)};

export const action = defineAction(({ name }: { name: string }) => ({ greeting: \`Hello, \${name}!\` }));
`,
  },
};

function actionFiles({ name, runner }: Wish): Files {
  const program = programs[runner];
  if (program === undefined)
    throw new CliError(
      exitCodes.usage,
      `there is no template for runner "${runner}"; there are ${[...Object.keys(programs), "orquesta"].join(", ")}`,
    );
  const file = `${name}.${program.suffix}`;
  const position = runner === "local-shell-script" ? "\n    position: 0" : "";
  return {
    [`actions/${name}.yaml`]: `${head("action", "actions")}name: ${name}
description: What this action does
runner_type: ${runner}
entry_point: ${file}
enabled: true
parameters:
  name:
    type: string
    description: Who is greeted
    required: true${position}
`,
    [`actions/${file}`]: program.text,
  };
}
