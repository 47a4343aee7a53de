/** The part of docs/compatibility.md about StackStorm's web console against Raicho. */
import { table } from "./table.ts";

/** What was done in the console, and what was seen; `npm run conformance:st2web` does it. */
const done: readonly (readonly [what: string, seen: string])[] = [
  ["log in", "with user and password; the history opens"],
  [
    "history",
    "rows appear and change while executions run; filters; rule and trigger; details, output, code",
  ],
  ["workflow", "unfolded into its tasks with their names"],
  ["live output", "line by line while it runs"],
  ["re-run, cancel", "re-run with a changed parameter; a running action ends as canceled"],
  [
    "run an action",
    "its form with text, number, choice, box and secret; executions, code and entry point of actions",
  ],
  ["clone and delete an action", "copied with its file; gone after that"],
  ["inquiry", "its form; the workflow goes on with the answer"],
  ["rules", "list, enforcements, code; create, edit, switch off and on, delete"],
  ["triggers", "payload, instances, code; their sensor off and on"],
  [
    "packs",
    "content counted; the form of the configuration, secrets included, saved and shown again",
  ],
  ["install and remove a pack", "from an index"],
  [
    "workflow editor",
    "graph drawn; a task dragged in; saved to the files of the pack; run, its end told; a new one created",
  ],
];

export const webConsole = `### Its web console

An unmodified build of \`StackStorm/st2web\` (4925b85, January 2026) in Chromium 156 against a running Raicho, behind one origin as StackStorm's nginx
puts it and with the console at an origin of its own: no error of a page, no call refused or unanswered.

${table(["done", "seen"], done)}

What StackStorm answers in the same way, or any server would meet:

- 404 for the entry point of an action without one, and for the picture of a pack without one; the console shows one of its own.
- After cloning an action the console throws an error of its own, \`reading 'params'\`: its list asks for the address it was not given.
- At an origin of its own it signs in without taking the cookie, and opens its first stream before its first call is answered: rows live from the
  second time the page is loaded. Behind one origin they do at once.
- A workflow is run from the editor only when its metadata names its \`pack\`.

To use it, serve the build and pass \`/api/\`, \`/auth/\` and \`/stream/\` on to the door (in nginx with \`proxy_buffering off\` for the streams); or name the
door in its \`config.js\` (\`url\`, \`auth\` and \`stream\` end in \`/api\`, \`/auth\`, \`/stream\`) and its origin in \`RAICHO_ALLOW_ORIGIN\`. To repeat it: have a
build outside of this repository and Chromium (on Debian \`apt-get install chromium\`), then
\`npm run conformance:st2web -- --console DIRECTORY_OF_INDEX_HTML [--apart] [--chromium PROGRAM] [--only WORDS] [--patience SECONDS] [--pictures DIRECTORY]\`.
`;
