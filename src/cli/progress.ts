/** How far long work has come. */
import type { Cli } from "./cli.ts";

/** A bar of progress for who looks at it. */
export function bar({ terminal }: Cli, what: string, done: number, all: number): void {
  if (!terminal.notesSeen || all === 0) return;
  const width = 30;
  const filled = Math.round((width * done) / all);
  const line = `\r${what} [${"#".repeat(filled)}${" ".repeat(width - filled)}] ${done}/${all}`;
  terminal.note(done === all ? `${line}\n` : line);
}
