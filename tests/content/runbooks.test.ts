/** Problems of the index and of documents, with line and column. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { renderProblem } from "../../src/content/code-frame.ts";
import { documentIn, readRunbooks, type Runbooks } from "../../src/content/runbooks.ts";
import { readOnlyCommands } from "../../src/runbooks/command.ts";
import { sound } from "../runbooks/documents.ts";

const index = `components: [Web, DNS]
requests:
  - request: subdomain
    component: Web
    subtickets:
      - name: {ja: DNS登録, en: DNS record}
        doc: dns/add.md
        when: "$.fields.env = 'prod'"
        checks_on: "$.servers"
`;

function files(texts: Readonly<Record<string, string>>): Promise<Runbooks> {
  return readRunbooks(
    { paths: Object.keys(texts), read: (path) => Promise.resolve(texts[path]) },
    { index: "rb/index.yaml", commands: readOnlyCommands },
  );
}

const at = (changed: string, document = sound): Promise<Runbooks> =>
  files({ "rb/index.yaml": changed, "rb/dns/add.md": document });

describe("the index", () => {
  test("F8: a sound one has no problems", async () => {
    const { problems, catalog, documents } = await at(index);
    expect(problems).toEqual([]);
    expect(catalog.requests[0]?.subtickets[0]).toMatchObject({
      doc: "rb/dns/add.md",
      checksOn: "$.servers",
    });
    expect(documentIn(documents, "rb/dns/add.md", "en")?.owner).toBe("yamada");
  });

  test("a plain list is an index too", async () => {
    const list = index.replace(/^components.*\nrequests:\n/, "");
    expect((await at(list)).catalog.requests).toHaveLength(1);
  });

  test.each([
    [
      "unknown component",
      index.replace("component: Web", "component: Wbe"),
      { line: 4, column: 16, suggestion: "Web", message: 'there is no component "Wbe"' },
    ],
    [
      "unknown component of a sub-ticket",
      index.replace("        when:", "        component: DSN\n        when:"),
      { line: 8, column: 20, suggestion: "DNS" },
    ],
    [
      "dead link",
      index.replace("dns/add.md", "dns/ad.md"),
      {
        line: 7,
        column: 14,
        suggestion: "dns/add.md",
        message: 'there is no document "dns/ad.md"',
      },
    ],
    [
      "bad condition",
      index.replace("env = 'prod'", "env = = 'prod'"),
      { line: 8, message: expect.stringContaining("=") as string },
    ],
    [
      "unknown key",
      index.replace("checks_on", "check_on"),
      { line: 9, column: 9, suggestion: "checks_on" },
    ],
    [
      "no document",
      index.replace("        doc: dns/add.md\n", ""),
      { line: 6, message: expect.stringContaining('"doc" is missing') as string },
    ],
    [
      "twice",
      index + index.slice(index.indexOf("  - request")),
      { line: 10, message: 'there is a second "subdomain"' },
    ],
    ["broken YAML", "requests: [", { line: 1 }],
  ])("F8: %s", async (_name, changed, expected) => {
    const { problems } = await at(changed);
    expect(problems).toContainEqual(
      expect.objectContaining({ file: "rb/index.yaml", severity: "error", ...expected }),
    );
  });

  test("F8: no index at all", async () => {
    expect((await files({ "rb/indes.yaml": index })).problems).toEqual([
      expect.objectContaining({ suggestion: "rb/indes.yaml" }),
    ]);
  });

  test("the frame shows the place", async () => {
    const changed = index.replace("dns/add.md", "dns/ad.md");
    const [problem] = (await at(changed)).problems;
    if (problem === undefined) throw new Error("no problem");
    expect(renderProblem(problem, "index.yaml", changed)).toContain(
      'help: did you mean "dns/add.md"?',
    );
  });
});

describe("documents", () => {
  test.each([
    [
      "bad command",
      sound.replace("uptime\n", "uptme -a\n"),
      { line: 27, column: 1, suggestion: "uptime" },
    ],
    [
      "an expression inside quotes",
      sound.replace("dig <$ fields.fqdn $>", "dig '<$ fields.fqdn $>'"),
      { line: 29, message: expect.stringContaining("inside quotes") as string },
    ],
    [
      "bad expression",
      sound.replace("Register <$ fields.fqdn $>", "Register <$ fields..fqdn $>"),
      { line: 14 },
    ],
    [
      "an unknown heading",
      sound.replace("## Special notes", "## Special note"),
      { line: 32, suggestion: "Special notes" },
    ],
    ["broken front matter", sound.replace("owner: yamada", "owner: [yamada"), { line: 3 }],
    ["broken parameters", sound.replace("zone: <$ fields.zone $>", "zone: [a"), { line: 17 }],
    [
      "parameters that are no mapping",
      sound.replace("zone: <$ fields.zone $>", "- a"),
      { line: 16 },
    ],
    [
      "waiting for nothing",
      sound.replace("name=dns", "name=dns after=web"),
      { line: 16, message: 'no item above is named "web"' },
    ],
    [
      "waiting for itself",
      sound.replace("name=dns", "name=dns after=dns"),
      { line: 16, message: expect.stringContaining("comes later") as string },
    ],
  ])("F8: %s", async (_name, document, expected) => {
    const { problems } = await at(index, document);
    expect(problems).toContainEqual(
      expect.objectContaining({ file: "rb/dns/add.md", ...expected }),
    );
  });

  test("those beside the index are checked too, read-me files are not", async () => {
    const { problems } = await files({
      "rb/index.yaml": index,
      "rb/dns/add.md": sound,
      "rb/README.md": "hi",
      "rb/old.md": "hi",
    });
    expect(new Set(problems.map(({ file }) => file))).toEqual(new Set(["rb/old.md"]));
  });
});

test("the shipped examples are sound, each in Japanese and English", async () => {
  const root = "packs/runbook/examples/runbooks";
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) =>
    statSync(join(root, path)).isFile(),
  );
  const { problems, documents, catalog } = await readRunbooks(
    {
      paths,
      read: (path) =>
        Promise.resolve(paths.includes(path) ? readFileSync(join(root, path), "utf8") : undefined),
    },
    { index: "index.yaml", commands: readOnlyCommands },
  );
  expect(problems).toEqual([]);
  for (const { doc } of catalog.requests.flatMap(({ subtickets }) => subtickets))
    expect(documentIn(documents, doc, "en")).not.toBe(documentIn(documents, doc, "ja"));
});
