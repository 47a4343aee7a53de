/** `raicho completion bash|zsh|fish`: the tab key. The shell's script asks `raicho complete -- WORDS…`, so that it never grows old. */
import type { Command, Option } from "commander";
import { CliError, exitCodes, type Cli, type CommandSetup } from "./cli.ts";
import { namesOf, readNames } from "./complete-names.ts";
import { Client } from "./client.ts";
import type { Options } from "./output.ts";
import { readSettings } from "./settings.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

const scripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for raicho: put this into ~/.bashrc:
#   source <(raicho completion bash)
_raicho() {
  local line current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS= read -r line; do
    line="\${line%%$'\\t'*}"
    [[ "$line" == "$current"* ]] && COMPREPLY+=("$line")
  done < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _raicho raicho
`,
  zsh: `#compdef raicho
# zsh completion for raicho: put this into ~/.zshrc, after compinit:
#   source <(raicho completion zsh)
_raicho() {
  local line
  local -a candidates
  while IFS= read -r line; do
    line="\${line//:/\\\\:}"
    candidates+=("\${line/$'\\t'/:}")
  done < <("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} )); then
    _describe raicho candidates
  else
    _files
  fi
}
compdef _raicho raicho
`,
  fish: `# fish completion for raicho: put this into ~/.config/fish/completions/raicho.fish:
#   raicho completion fish > ~/.config/fish/completions/raicho.fish
function __raicho_candidates
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] complete -- $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        string join \\n -- $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c raicho -f -a '(__raicho_candidates)'
`,
};

export const setUpCompletion: CommandSetup = (command, { terminal }) => {
  command
    .argument("<shell>", shells.join(", "))
    .addHelpText(
      "after",
      `
Examples:
  source <(raicho completion bash)     in ~/.bashrc
  source <(raicho completion zsh)      in ~/.zshrc, after compinit
  raicho completion fish > ~/.config/fish/completions/raicho.fish`,
    )
    .action((name: string) => {
      const shell = shells.find((each) => each === name);
      if (shell === undefined)
        throw new CliError(
          exitCodes.usage,
          `there is no completion for "${name}"; give one of ${shells.join(", ")}`,
        );
      terminal.write(scripts[shell]);
    });
};

interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** The words so far; the last may be empty. */
interface Tab {
  readonly words: readonly string[];
  readonly cli: Cli;
}

/** Adds the parts of a command that is about to be looked at. */
type Load = (command: Command) => Promise<void>;

/** What the option waits for after it; undefined when it stands alone. */
function awaited(options: readonly Option[], word: string): Option | undefined {
  const found = options.find(({ short, long }) => word === short || word === long);
  return found?.required === true ? found : undefined;
}

function optionsOf(command: Command, program: Command): readonly Option[] {
  return [...new Set([...command.options, ...program.options])].filter(({ hidden }) => !hidden);
}

function commandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ word: each.name(), about: each.summary() || each.description() }));
}

interface Place {
  readonly command: Command;
  /** The option whose value comes next. */
  readonly option: Option | undefined;
  /** Operands that stand before. */
  readonly operands: number;
  /** Options that stand before, as commander names them. */
  readonly options: Options;
}

/** Where the last word stands. */
async function placeOf(program: Command, load: Load, before: readonly string[]): Promise<Place> {
  let command = program;
  let option: Option | undefined;
  let operands = 0;
  const options: Record<string, unknown> = {};
  for (const word of before) {
    if (option !== undefined) {
      options[option.attributeName()] = word;
      option = undefined;
      continue;
    }
    if (word.startsWith("-")) {
      const known = optionsOf(command, program);
      option = awaited(known, word);
      const flag = known.find(({ short, long }) => word === short || word === long);
      if (flag !== undefined && option === undefined) options[flag.attributeName()] = true;
      continue;
    }
    const next =
      operands === 0
        ? command.commands.find((each) => each.name() === word || each.aliases().includes(word))
        : undefined;
    if (next === undefined) {
      operands += 1;
      continue;
    }
    await load(next);
    command = next;
  }
  return { command, option, operands, options };
}

/** What may stand for the last of these words; nothing = a file, or whatever one likes. */
async function candidates(
  program: Command,
  load: Load,
  { words, cli }: Tab,
): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? "";
  const { command, option, operands, options } = await placeOf(program, load, words.slice(0, -1));
  if (option !== undefined)
    return (option.argChoices ?? []).map((word) => ({ word, about: option.description }));
  if (current.startsWith("-"))
    return optionsOf(command, program).map(({ long, short, description }) => ({
      word: long ?? short ?? "",
      about: description,
    }));
  if (command.commands.length > 0) return operands === 0 ? commandsOf(command) : [];
  const names = namesOf(command, operands);
  if (names === undefined) return [];
  const found = await readNames(names, () => new Client(cli, readSettings(cli, options)));
  return found.map((word) => ({ word, about: "" }));
}

/** The lines that a shell's script reads: a word, and after a tab what it means. */
export async function completionLines(program: Command, load: Load, tab: Tab): Promise<string> {
  const current = tab.words.at(-1) ?? "";
  const fitting = (await candidates(program, load, tab)).filter(({ word }) =>
    word.startsWith(current),
  );
  return fitting
    .map(({ word, about }) => `${word}${about === "" ? "" : `\t${about.split("\n")[0] ?? ""}`}\n`)
    .join("");
}
