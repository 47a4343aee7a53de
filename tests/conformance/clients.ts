/** The part of docs/compatibility.md about StackStorm's own programs against Raicho. */
import { topics } from "../st2-client/topics.ts";
import { table } from "./table.ts";

/** What was seen of every command, by its name. */
const seen = new Map<string, string>();
for (const { steps } of topics)
  for (const { command, seen: result } of steps)
    if (result !== undefined && !seen.has(command)) seen.set(command, result);

const rows = [...seen].map(([command, result]) => [`\`${command}\``, result] as const);

export const clients = `## StackStorm's own programs

### Its integration suite for workflows

All 83 tests of \`st2tests/integration/orquesta\` pass, the eight of pause and resume included, within their time limits, driven by
StackStorm's Python client against a running Raicho. To repeat it:

1. Have a checkout of \`StackStorm/st2\`; nothing in it is changed or copied.
2. Have what its client and the suite import: \`pytest requests six PyYAML python-dateutil pytz prettytable jsonschema jsonpath-rw argcomplete
   cryptography orjson prompt-toolkit pygments editor eventlet retrying\`. On Debian:
   \`apt-get install python3-pytest python3-requests python3-six python3-yaml python3-dateutil python3-tz python3-prettytable python3-jsonschema
   python3-jsonpath-rw python3-argcomplete python3-cryptography python3-prompt-toolkit python3-pygments python3-editor python3-eventlet
   python3-retrying python3-venv bc\`; elsewhere \`pip install --target DIR …\`.
3. With the ports 9100 to 9102 free, run \`npm run conformance:st2-suite -- --st2 CHECKOUT [--python PROGRAM] [--python-path DIR[:DIR]] [-- ARGUMENTS OF
   PYTEST]\`. It starts a Raicho of its own with the checkout's pack \`examples\`, makes that pack's virtual environment, and exits as pytest does.

### Its command line

Every command of the unmodified \`st2\` (3.10, July 2026), with authentication and RBAC on, signed in with \`st2 login\`. Those that work on nothing
(\`clone\` of aliases, rules, triggers, keys, API keys, policies and rule enforcements; \`create\`, \`update\` and \`delete\` of rule enforcements) do
nothing against StackStorm, either.

${table(["command", "result"], rows)}

What comes from the client itself:

- \`st2 login\`, \`run --tail\` of what runs, \`pack install\` and \`pack remove\` need the Python packages it names, \`sseclient-py\` among them.
- After a failed \`pack install\` it ends with an error of its own, \`'Namespace' object has no attribute 'with_schema'\`; the execution tells why.
- \`--api-key\` on the command line goes before the remembered token.

To repeat it: \`npm run conformance:st2-client -- --st2 CHECKOUT [--python PROGRAM] [--python-path DIR[:DIR]] [--only WORDS]\`, with what the suite above
needs, and \`sseclient-py\`.

### Its chat bot and the handlers of monitoring

\`hubot-stackstorm\` (6cfc93b, March 2025) with \`st2client.js\` 1.2 on Hubot 11, unmodified: signs in, loads the commands, acknowledges one that was typed and
says its result, which it heard on the stream of announcements. The handlers of the packs \`nagios\` (\`st2service_handler.py\`) and \`sensu\`
(\`st2_handler.py\`), unmodified, with user and password and with an API key: they register their trigger once, and their events start rules. What they
send is replayed by \`tests/scenarios/bots-and-handlers.test.ts\`.
`;
