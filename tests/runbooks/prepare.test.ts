import { describe, expect, test } from "vitest";
import { decideHere } from "../../src/cli/decide.ts";
import { inTongue, type Catalog, type SubTicket } from "../../src/runbooks/catalog.ts";
import { planChecks, renderResults, type CheckResult } from "../../src/runbooks/checks.ts";
import { readOnlyCommands } from "../../src/runbooks/command.ts";
import { renderSubTicket, type Rendering } from "../../src/runbooks/render.ts";
import { requestOfAlert } from "../../src/runbooks/request.ts";
import { resolve, variablesOf, type Request } from "../../src/runbooks/resolve.ts";
import { documentOf, sound } from "./documents.ts";

const found = (from: Catalog, asked: Request) => decideHere((ask) => resolve(from, asked, ask));

function sub(doc: string, more: Partial<SubTicket> = {}): SubTicket {
  return {
    name: { ja: doc },
    doc,
    when: undefined,
    checksOn: undefined,
    component: undefined,
    ...more,
  };
}

const catalog: Catalog = {
  components: undefined,
  requests: [
    {
      request: "old",
      component: "Web",
      name: {},
      when: "$.fields.old = 'yes'",
      subtickets: [sub("old.md")],
    },
    {
      request: "subdomain",
      component: "Web",
      name: {},
      when: undefined,
      subtickets: [
        sub("dns.md"),
        sub("mon.md", { when: "$.fields.env = 'prod'", checksOn: "$.servers[0]" }),
        sub("odd.md", { when: "1 + $.fields.env", checksOn: "$uppercase(1)" }),
      ],
    },
  ],
  alerts: [
    {
      request: "disk",
      name: {},
      when: "$.alert.service = 'DISK'",
      subtickets: [sub("disk.md", { when: "$.fields.env = 'prod'" }), sub("all.md")],
    },
  ],
};

const request: Request = {
  ticket: { key: "OPS-1", summary: "{{ 7*7 }} <% $.x %> <$ 1+1 $>" },
  components: ["Web"],
  fields: { env: "prod", fqdn: "shop.example.jp" },
  servers: ["web01", "web02"],
  alert: null,
};

describe("which sub-tickets a request gets", () => {
  test("those whose condition holds, on the servers that are named", async () => {
    const answer = await found(catalog, request);
    if (!answer.covered) throw new Error(answer.reason);
    expect(answer.type.request).toBe("subdomain");
    expect(answer.needed.map(({ slot, hosts }) => [slot, hosts])).toEqual([
      ["subdomain/1/dns.md", ["web01", "web02"]],
      ["subdomain/2/mon.md", ["web01"]],
      ["subdomain/3/odd.md", []],
    ]);
  });

  test("a condition that cannot be decided is told, and its sub-ticket is there", async () => {
    const answer = await found(catalog, request);
    const doubts = answer.covered ? answer.needed[2]?.doubts : [];
    expect(doubts).toEqual([
      expect.stringContaining("1 + $.fields.env"),
      expect.stringContaining("$uppercase(1)"),
    ]);
  });

  test("a condition that does not hold leaves its sub-ticket out", async () => {
    const answer = await found(catalog, { ...request, fields: { env: "dev" } });
    expect(answer.covered ? answer.needed.map(({ subticket }) => subticket.doc) : []).toEqual([
      "dns.md",
      "odd.md",
    ]);
  });

  test.each([
    [[], "the request has no component"],
    [["Mail"], "no request type for the component Mail"],
  ])("components %j: %s", async (components, reason) => {
    expect(await found(catalog, { ...request, components })).toEqual({ covered: false, reason });
  });

  test("an alert: the first type of alerts that fits, on the alert's machine", async () => {
    const about = {
      service: "DISK",
      host_raw: "10.0.0.1",
      entity: { name: "web01" },
      labels: { env: "dev" },
    };
    const asked = requestOfAlert({ key: "tk1" }, about);
    const answer = await found(catalog, asked);
    if (!answer.covered) throw new Error(answer.reason);
    expect(answer.type.request).toBe("disk");
    expect(answer.needed.map(({ slot, hosts }) => [slot, hosts])).toEqual([
      ["disk/2/all.md", ["web01"]],
    ]);
    expect(variablesOf(asked)).toMatchObject({ alert: about, fields: { host: "web01" } });
  });

  test.each([
    [{ service: "HTTP" }, catalog, "no type of alerts fits"],
    [{ service: "DISK" }, { ...catalog, alerts: [] }, "the index has no alerts"],
  ])("alert %j: not covered", async (about, from, reason) => {
    const asked = requestOfAlert({ key: "tk1" }, about);
    expect(await found(from, asked)).toEqual({ covered: false, reason });
  });

  test("no type fits", async () => {
    const only = { ...catalog, requests: catalog.requests.slice(0, 1) };
    expect(await found(only, request)).toEqual({ covered: false, reason: "no request type fits" });
  });

  test("names fall back to the other language", () => {
    expect(inTongue({ ja: "監視" }, "en")).toBe("監視");
    expect(inTongue({}, "en")).toBe("");
  });
});

const { document } = documentOf(sound);
const rendering = {
  document,
  tongue: "en" as const,
  commit: "abc123",
  link: "https://git/x",
  edit: "https://door/edit",
  hosts: ["web01"],
  doubts: ["$.x: hm"],
};

const rendered = (given: Omit<Rendering, "view">) =>
  decideHere((ask) =>
    renderSubTicket({ ...given, view: { variables: variablesOf(request), ask } }),
  );

describe("what a sub-ticket says", () => {
  test("document, commit, items, approvals, procedure and notes", async () => {
    const text = await rendered(rendering);
    for (const part of [
      "dns/add.md (https://git/x)",
      "Version: abc123",
      "Owner: yamada",
      "Correct this document: https://door/edit",
      "1. Register shop.example.jp",
      "- [ ] Seen shop.example.jp? (web, a look afterwards)",
      "Do it. {{ not.ours }} <% nor.this %>",
      "The results are in a comment below.",
      "- $.x: hm",
    ])
      expect(text).toContain(part);
    expect(text).not.toContain("dns.add");
  });

  test("in Japanese, without what is not there", async () => {
    const text = await rendered({
      ...rendering,
      tongue: "ja",
      link: undefined,
      edit: undefined,
      hosts: [],
      doubts: [],
      document: { ...document, checks: [], approvals: [], owner: undefined },
    });
    expect(text).toContain("- 版: abc123");
    expect(text).toContain("確認コマンドはありません。");
    expect(text).not.toContain("承認");
  });

  test("an expression that fails is shown where it stands", async () => {
    const odd = {
      ...document,
      sections: {
        ...document.sections,
        notes: "<$ $uppercase(1) $> and <$ servers $> <$ {'a':1} $>",
      },
    };
    expect(await rendered({ ...rendering, document: odd })).toMatch(
      /⟨<\$ \$uppercase\(1\) \$>: .*⟩ and web01, web02 \{"a":1\}/,
    );
  });

  test("A7: text of the ticket that looks like a template stays as it is", async () => {
    const odd = {
      ...document,
      sections: { ...document.sections, notes: "Asked: <$ ticket.summary $>" },
    };
    expect(await rendered({ ...rendering, document: odd })).toContain(
      "Asked: {{ 7*7 }} <% $.x %> <$ 1+1 $>",
    );
  });
});

const plan = (fields: Record<string, unknown>) =>
  decideHere((ask) =>
    planChecks(
      document,
      { variables: { ...variablesOf(request), fields }, ask },
      { hosts: [], allowed: readOnlyCommands, tongue: "ja" },
    ),
  );

describe("check commands", () => {
  test("every command for every server, values as one word", async () => {
    expect(
      (await plan({ fqdn: "a; rm -rf /" })).map(({ host, command, refused }) => [
        host,
        command,
        refused,
      ]),
    ).toEqual([
      ["web01", "uptime", undefined],
      ["web02", "uptime", undefined],
      ["web01", "dig 'a; rm -rf /'", undefined],
      ["web02", "dig 'a; rm -rf /'", undefined],
    ]);
  });

  test.each([
    ["-f /etc/shadow", '<$ fields.fqdn $> の値 "-f /etc/shadow" はコマンドに入れられません'],
    ["a\nb", '<$ fields.fqdn $> の値 "a\\nb" はコマンドに入れられません'],
    ["", "この依頼では <$ fields.fqdn $> が空です"],
  ])(
    "the value %j is no part of a command, and the ticket says so in its language",
    async (fqdn, why) => {
      expect((await plan({ fqdn }))[2]?.refused).toBe(why);
    },
  );

  const done: CheckResult = {
    host: "web01",
    command: "uptime",
    timeout: 5,
    exit_code: 0,
    stdout: "up ```` \n",
    stderr: "",
    timed_out: false,
    seconds: 0.25,
    at: "2026-11-21T03:00:00.000Z",
  };

  test("results show output, exit code, time and server, and output cannot leave its block", async () => {
    const text = renderResults([done, { ...done, exit_code: 2, stdout: "", stderr: "no\n" }], "ja");
    expect(text).toContain("### [成功] uptime");
    expect(text).toContain("`````\nup ````\n`````");
    expect(text).toContain("### [失敗] uptime");
    expect(text).toContain("- 終了コード: 2");
    expect(text).toContain("- 実行時刻: 2026-11-21T03:00:00.000Z (0.3 秒)");
    expect(text).toContain("作業は続けられます");
    expect(text).toContain("(出力なし)");
  });

  test("what was not run or took too long says so, and long output is cut", async () => {
    const text = renderResults(
      [
        { ...done, refused: "not allowed" },
        { ...done, timed_out: true, exit_code: null, stdout: "x".repeat(9_000) },
      ],
      "en",
    );
    expect(text).toContain("[NOT RUN] uptime");
    expect(text).toContain("not allowed");
    expect(text).toContain("[TIMED OUT] uptime");
    expect(text).toContain("Exit code: -");
    expect(text).toContain("the rest is left out");
  });
});
