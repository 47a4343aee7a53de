/** docs/compatibility.md: every kind of answer in which Raicho differs on purpose, collected from the lists that the checks use. */
import { differences, jinja2Differences } from "../expressions/jinja/differences.ts";
import { templateDifferences, yaqlTestDifferences } from "../expressions/yaql/differences.ts";
import type { ListedDifference } from "./comparison.ts";
import { clients } from "./clients.ts";
import { webConsole } from "./web-console.ts";
import { exchangeSection } from "./exchange.ts";
import { httpDifferences } from "./http-differences.ts";
import { unitDifferences } from "./http-unit-ground.ts";
import { ruleDifferences } from "./rule-differences.ts";
import { inspectionReasons } from "./inspection-differences.ts";
import { workflowReasons } from "./workflow-differences.ts";

const of = (listed: readonly Pick<ListedDifference, "reason">[]): readonly string[] =>
  listed.map(({ reason }) => reason);

const sections: readonly (readonly [heading: string, about: string, reasons: readonly string[]])[] =
  [
    ["Workflows", "Against the flows and conductor calls recorded from Orquesta.", workflowReasons],
    [
      "Inspection of workflows",
      "Against what Orquesta and StackStorm answered to valid and invalid definitions.",
      inspectionReasons,
    ],
    ["YAQL", "Against Orquesta's YAQL.", of(templateDifferences)],
    [
      "YAQL's own tests",
      "Against the unit tests of YAQL, which run with an engine of their own.",
      of(yaqlTestDifferences),
    ],
    ["Jinja", "Against Orquesta's and StackStorm's Jinja.", of(differences)],
    ["Jinja2", "Against Jinja2 3.1 itself.", of(jinja2Differences)],
    [
      "Rules, timers, aliases and parameters",
      "Against recorded answers and the unit tests of StackStorm: operators, criteria, timers, formats of aliases, parameters, validation, secrets.",
      of(ruleDifferences),
    ],
    [
      "REST API",
      "Against recorded requests to StackStorm's API and its streams, without authentication and (RBAC off, as recorded) with it: status, headers, shape of the body, what is said.\nOf 375, 368 are alike in status, headers and shape (98.1 %; without authentication 258 of 264, with it 110 of 111), 367 of them in every text. The other seven are\nerrors 500 inside StackStorm, to which Raicho has an answer: of the 368 that StackStorm could answer, 99.7 % are alike in every text.",
      of(httpDifferences),
    ],
    [
      "REST API, StackStorm's own tests",
      "Against the traffic of StackStorm's tests of its API, as far as what they begin with can be made through it: of 444 requests 432 (97.3 %) are answered alike. The\nothers of that recording begin with rows that its tests wrote into the database, or replace a part of StackStorm. Its stream, sign-in and command line are\nheld to their recordings by the tests of streams and sign-in, and by running the command line (below).",
      of(unitDifferences),
    ],
  ];

export function compatibilityPage(): string {
  const head = `# Compatibility

Raicho is held to recorded answers of the originals: Orquesta 1.6, YAQL 3.2, Jinja2 3.1 and StackStorm 3.10. Where it answers otherwise, it
does so on purpose, for the reasons below; \`npm run conformance\` fails on every other difference. This page is written by
\`npm run conformance -- --write\`.
`;
  const parts = sections.map(
    ([heading, about, reasons]) =>
      `## ${heading}\n\n${about}\n\n${[...new Set(reasons)].map((reason) => `- ${reason}`).join("\n")}\n`,
  );
  return [head, ...parts, exchangeSection, clients, webConsole].join("\n");
}
