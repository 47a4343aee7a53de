/** Splits a command line as a POSIX shell would, as far as check commands may go; everything further is refused with its place. */
import type { Said } from "./document.ts";

export interface ShellFault {
  readonly message: Said;
  /** Offset in the line. */
  readonly offset: number;
}

/** One command of a line: its words without quotes, and where it begins. */
export interface SimpleCommand {
  readonly words: readonly string[];
  readonly offset: number;
}

const operators = ["&&", "||", "|", ";"];
/** Redirections that write nowhere. */
const harmless = /^(?:2>&1|[12&]?>\s*\/dev\/null|<\s*\/dev\/null)(?=[\s;|&]|$)/;

interface State {
  readonly line: string;
  at: number;
  word: string | undefined;
  words: string[];
  start: number;
  readonly done: SimpleCommand[];
}

/** The commands of a line that are joined by `|`, `&&`, `||` and `;`, or what about the line is refused. */
export function shellWords(line: string): readonly SimpleCommand[] | ShellFault {
  const state: State = { line, at: 0, word: undefined, words: [], start: 0, done: [] };
  while (state.at < line.length) {
    const fault = step(state);
    if (fault !== undefined) return fault;
  }
  endCommand(state);
  return state.done;
}

function endWord(state: State): void {
  if (state.word !== undefined) state.words.push(state.word);
  state.word = undefined;
}

function endCommand(state: State): void {
  endWord(state);
  if (state.words.length > 0) state.done.push({ words: state.words, offset: state.start });
  state.words = [];
}

function step(state: State): ShellFault | undefined {
  const { line, at } = state;
  const passed = between(state, line.slice(at));
  if (passed > 0) {
    state.at += passed;
    return undefined;
  }
  if (state.words.length === 0 && state.word === undefined) state.start = at;
  const character = line[at] ?? "";
  if (character === "'" || character === '"') return quoted(state, character);
  const why = refused[character];
  if (why !== undefined) return { message: why, offset: at };
  // A backslash takes the next character as it is.
  const length = character === "\\" ? 2 : 1;
  state.word = (state.word ?? "") + line.slice(at + length - 1, at + length);
  state.at += length;
  return undefined;
}

/** How many characters of white space, operators and harmless redirections stand here; they end the word. */
function between(state: State, rest: string): number {
  const quiet = (/^\s/.exec(rest) ?? harmless.exec(rest))?.[0];
  const operator = operators.find((one) => rest.startsWith(one));
  if (quiet !== undefined) endWord(state);
  else if (operator !== undefined) endCommand(state);
  return (quiet ?? operator ?? "").length;
}

const noSubShells: Said = {
  ja: "サブシェルは使えません",
  en: "sub-shells are not allowed",
};

const refused: Readonly<Record<string, Said>> = {
  ">": {
    ja: "確認コマンドからファイルには書き込めません",
    en: "a check command writes to no file",
  },
  "<": {
    ja: "確認コマンドではリダイレクトでファイルを読めません",
    en: "a check command reads no file by redirection",
  },
  "&": {
    ja: "確認コマンドはバックグラウンドで実行できません",
    en: "a check command does not run in the background",
  },
  "`": {
    ja: "コマンドの中でコマンドは実行できません",
    en: "a command inside a command is not allowed",
  },
  $: {
    ja: "シェルの変数とコマンド置換は一重引用符の外では使えません",
    en: "variables and commands of the shell are not allowed outside single quotes",
  },
  "(": noSubShells,
  ")": noSubShells,
};

function quoted(state: State, quote: string): ShellFault | undefined {
  const { line, at } = state;
  const end = line.indexOf(quote, at + 1);
  if (end < 0)
    return {
      message: {
        ja: `引用符 ${quote} が閉じられていません`,
        en: `the quote ${quote} is not closed`,
      },
      offset: at,
    };
  const inside = line.slice(at + 1, end);
  const bad = quote === '"' ? /[$`\\]/.exec(inside) : null;
  if (bad !== null)
    return {
      message: {
        ja: "二重引用符の中で変数、コマンド置換、エスケープは使えません",
        en: "variables, commands and escapes are not allowed inside double quotes",
      },
      offset: at + 1 + bad.index,
    };
  state.word = (state.word ?? "") + inside;
  state.at = end + 1;
  return undefined;
}
