/** The part of docs/compatibility.md about StackStorm's own programs against Raicho. */

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

Commands of the unmodified \`st2\` (through \`ST2_API_URL\`, \`ST2_AUTH_URL\`, \`ST2_STREAM_URL\`) that were run against Raicho with
\`RAICHO_AUTH=off\` and ended with the same exit code as against StackStorm:

- \`run\`: \`core.local\`, with \`--trace-tag\`
- \`action\`: create, list, get, enable, disable, update, clone, execute
- \`execution\`: list, get, get of a key, re-run, pause of what cannot rest (exit code 1)
- \`action-alias\`: create, list, match, execute, delete
- \`rule\`: create, list, enable, disable, delete
- \`policy\`: create, list, update, delete; \`policy-type list\`
- \`trigger\`: create, list, update, delete
- \`key\`: set with a time to live, get, list, load
- \`runner\`: list, enable, disable
- others: \`pack list\` and \`get\`, \`inquiry list\`, \`webhook list\`, \`rule-enforcement list\`, \`workflow inspect --file\`, \`role list\`, \`role-assignment list\`

These ended with exit code 0: \`whoami\`, \`service-registry group list\`, \`trace list\`, \`timer list\`, \`sensor list\`,
\`trigger-instance list\`, \`trigger getspecs\`, \`key set\`, \`key delete\`, \`key delete_by_prefix\`, \`pack register\`, \`pack search\`.

\`st2 whoami\` without authentication tells that there was none: method and location are \`none\`.
`;
