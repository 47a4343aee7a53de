/** What packs of the StackStorm Exchange gave: `raicho pack check` over all of them, and `raicho pack test` of each, with the libraries that were at
 * hand. The packs are not part of this repository; docs/compatibility.md tells how to repeat it. */
export const exchangeSection = `## Packs of the StackStorm Exchange

54 packs, as they were in November 2026 (acos, activedirectory, ansible, aws, bitbucket, cloudflare, consul, csv, datadog, device42, docker, elasticsearch, email, foreman, git, github, gitlab, icinga2, infoblox, jenkins, jira, kubernetes, menandmice, mqtt, msexchange, mssql, nagios, napalm, netbox, network_essentials, networking_utils, nginxplus, openstack, opsgenie, orion, pagerduty, paloalto, powerdns, prometheus, puppet, rabbitmq, salt, sensu, servicenow, slack, splunk, sql, st2, telegram, terraform, trello, vault, vsphere, zabbix):

- \`raicho pack check DIRECTORY\` registers 7,630 actions, 56 sensors, 61 trigger types, 28 rules and 47 aliases. Refused are 5 actions of
  network_essentials with the runner \`mistral-v2\`, which StackStorm 3 refuses, too. Nothing else is.
- 12 definitions name what is not there: actions (nagios, opsgenie, powerdns), parameters (orion) and files (menandmice). They are registered, as in
  StackStorm, and \`raicho lint\` tells them.
- 31 packs have tests (\`raicho pack test PACK\`). With the libraries that could be had, 305 tests ran and passed, none failed, 11 skipped
  themselves: all of ansible, csv, docker, github, nagios, sensu, servicenow, sql, st2; those that could be imported of aws, menandmice, networking_utils, orion, slack, vsphere. The libraries of acos, activedirectory, bitbucket, cloudflare, elasticsearch, foreman, git, infoblox, jira, mssql, napalm, opsgenie, salt, terraform, vault, zabbix could not be had where this was counted, so their
  tests did not run.

- Installed with \`raicho pack install\` and run on a server: csv, git, nagios, netbox, nginxplus, opsgenie and prometheus. Actions of csv, netbox
  (against a stand-in of its API), nginxplus and prometheus did what they should with their configurations; the sensor of git saw a commit and a rule
  ran on it, the webhook sensor of netbox listened.

What StackStorm does otherwise:

- Words that nobody knows inside a parameter's schema (\`items\`, \`properties\`) are pointed out, and mean nothing.
- \`packs.install\` is one execution that installs all or nothing, not a workflow of steps; its result is the same.
- \`packs.unload\` sets a pack's files aside, and \`packs.load\` brings them back: files are the only truth.
- \`packs.restart_component\` is not there.
`;
