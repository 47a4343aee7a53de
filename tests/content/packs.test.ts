import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { loadContent } from "../../src/content/load.ts";
import { loadTree, packYaml, printed, runners, writeTree } from "./tree.ts";

function pack(text: string): string {
  return `name: demo\ndescription: ${text}\nversion: 1.0.0\nauthor: A\n`;
}

function action(name: string): string {
  return `name: ${name}\nrunner_type: noop\n`;
}

describe("where packs come from", () => {
  test("the site's replaces the bundled one, and says so", async () => {
    const loaded = await loadTree({
      "bundled/demo/pack.yaml": pack("bundled"),
      "bundled/other/pack.yaml": packYaml,
      "site/packs/demo/pack.yaml": pack("site"),
    });
    expect(printed(loaded)).toEqual([
      'info site/packs/demo/pack.yaml:1:1 the pack "demo" in site/packs/demo replaces the bundled one in bundled/demo',
    ]);
    expect(loaded.content.packs.get("demo")).toMatchObject({ description: "site", bundled: false });
    expect(loaded.content.packs.get("other")?.bundled).toBe(true);
  });

  test("two elsewhere: the first counts, the error names both", async () => {
    const loaded = await loadTree({
      "site/packs/demo/pack.yaml": pack("site"),
      "packs/x/pack.yaml": `ref: demo\n${pack("extra")}`,
    });
    expect(printed(loaded)).toEqual([
      'error packs/x/pack.yaml:1:1 there are two packs "demo": site/packs/demo (in use) and packs/x',
    ]);
    expect(loaded.content.packs.get("demo")?.description).toBe("site");
  });

  test("one directory named twice is one, and an entry may be a pack itself", async () => {
    const root = writeTree({ "packs/demo/pack.yaml": pack("x") });
    const packs = join(root, "packs");
    const { content, problems } = await loadContent({
      directories: { bundled: [packs], site: { packs }, packs: [packs, join(packs, "demo")] },
    });
    expect(problems).toEqual([]);
    expect([...content.packs.keys()]).toEqual(["demo"]);
  });

  test("an extra directory that is not there is an error; the site's own may be missing", async () => {
    const root = writeTree({});
    const { problems } = await loadContent({
      directories: {
        bundled: [join(root, "b")],
        site: { packs: join(root, "s"), rules: join(root, "r") },
        packs: [join(root, "gone")],
      },
    });
    expect(problems.map(({ severity, file }) => [severity, file])).toEqual([
      ["error", join(root, "gone")],
    ]);
  });

  test("the ref is the pack's own, else the directory's, else the name", async () => {
    const { content } = await loadTree({
      "packs/Directory-1/pack.yaml": packYaml,
      "packs/second/pack.yaml": packYaml,
      "packs/third/pack.yaml": `ref: mine\n${packYaml}`,
    });
    expect([...content.packs.keys()].toSorted()).toEqual(["demo", "mine", "second"]);
  });
});

test("a link out of the pack is refused; one inside it is followed", async () => {
  const root = writeTree({
    "demo/pack.yaml": packYaml,
    "secret.py": "",
    "demo/lib/real.py": "",
    "demo/actions/out.yaml": "name: out\nrunner_type: python-script\nentry_point: out.py\n",
    "demo/actions/in.yaml": "name: in\nrunner_type: python-script\nentry_point: in.py\n",
    "demo/actions/up.yaml": "name: up\nrunner_type: python-script\nentry_point: ../lib/real.py\n",
  });
  symlinkSync("../../secret.py", join(root, "demo/actions/out.py"));
  symlinkSync("../lib/real.py", join(root, "demo/actions/in.py"));
  const { content, problems } = await loadContent({
    directories: { bundled: [], site: {}, packs: [root] },
    runners,
  });
  expect(problems.map(({ message }) => message)).toEqual([
    "the entry point out.py lies outside of the pack",
  ]);
  expect([...content.actions.keys()].toSorted()).toEqual(["demo.in", "demo.up"]);
});

describe("configurations", () => {
  const schema =
    "url: {type: string, required: true}\nport: {type: integer, default: 443, minimum: 1}\ntoken: {type: string, secret: true}\ndeep:\n  type: object\n  properties:\n    retries: {type: integer, default: 3}\n    mode: {type: string, enum: [fast, slow]}\n  additionalProperties: false\n";
  const load = async (config: string) =>
    loadTree({
      "packs/demo/pack.yaml": packYaml,
      "packs/demo/config.schema.yaml": schema,
      "configs/demo.yaml": config,
    });

  test("defaults are filled in, also inside; strings may be looked up later", async () => {
    const loaded = await load(
      "url: https://x\ntoken: '{{ st2kv.system.token }}'\ndeep: {mode: '{{ st2kv.system.mode }}'}\nextra: 1\n",
    );
    expect(printed(loaded)).toEqual([]);
    expect(loaded.content.packs.get("demo")?.config).toEqual({
      url: "https://x",
      port: 443,
      token: "{{ st2kv.system.token }}",
      extra: 1,
      deep: { mode: "{{ st2kv.system.mode }}", retries: 3 },
    });
  });

  test.each<[string, string[]]>([
    [
      "port: 0\n",
      [
        "error configs/demo.yaml:1:7 port must be at least 1, not 0",
        'error configs/demo.yaml:1:1 "url" is required',
      ],
    ],
    ["url: 5\n", ["error configs/demo.yaml:1:6 url must be a text, not 5"]],
    ["url: x\ndeep: {mod: fast}\n", ['error configs/demo.yaml:2:8 unknown parameter "mod" | mode']],
    [
      "url: x\ndeep: {mode: fst}\n",
      ['error configs/demo.yaml:2:14 deep.mode must be one of fast or slow, not "fst" | fast'],
    ],
    [
      "url: x\ntoken: '{{ st2kv.system.t | decrypt_kv }}'\n",
      ['error configs/demo.yaml:2:8 "token" is secret and decrypted without decrypt_kv'],
    ],
    ["- 1\n", ["error configs/demo.yaml:1:1 the file must be a mapping, not a list"]],
  ])("%j", async (config, expected) => {
    const loaded = await load(config);
    expect(printed(loaded)).toEqual(expected);
    expect(loaded.content.packs.get("demo")?.config).toEqual({ port: 443, deep: { retries: 3 } });
  });

  test("defaults reach into patterns, additional properties and items; lists and mappings with a schema are there", async () => {
    const loaded = await loadTree({
      "packs/demo/pack.yaml": packYaml,
      "packs/demo/config.schema.yaml":
        "sites:\n  type: object\n  patternProperties:\n    '^s': {type: object, properties: {port: {type: integer, default: 1}}}\n  additionalProperties: {type: object, properties: {port: {type: integer, default: 2}}}\nlist: {type: array, items: {type: object, properties: {n: {default: 3}}}}\nnone: {type: object, properties: {x: {type: string}}}\nflat: {type: array}\n",
      "configs/demo.yaml": "sites: {s1: {}, other: {port: 9}, third: {}}\nlist: [{}, {n: 4}]\n",
    });
    expect(printed(loaded)).toEqual([]);
    expect(loaded.content.packs.get("demo")?.config).toEqual({
      sites: { s1: { port: 1 }, other: { port: 9 }, third: { port: 2 } },
      list: [{ n: 3 }, { n: 4 }],
      none: {},
    });
  });

  test("a reference inside the schema is followed, and unknown words inside a parameter are only pointed out", async () => {
    const files = {
      "packs/demo/pack.yaml": packYaml,
      "packs/demo/config.schema.yaml":
        "servers:\n  type: object\n  patternProperties:\n    '^\\w+': {$ref: '#/properties/server'}\nserver: {type: object, properties: {port: {type: [integer, string], shown: 1}, host: {type: string, required: true}}}\n",
    };
    const good = await loadTree({
      ...files,
      "configs/demo.yaml": "servers: {a: {host: x, port: '1'}}\n",
    });
    expect(printed(good)).toEqual([
      'warning packs/demo/config.schema.yaml:5:69 unknown key "shown" in server.properties.port',
    ]);
    const bad = await loadTree({ ...files, "configs/demo.yaml": "servers: {a: {port: []}}\n" });
    expect(printed(bad).slice(1)).toEqual([
      "error configs/demo.yaml:1:21 servers.a.port must be an integer or a text, not an empty list",
      'error configs/demo.yaml:1:14 "host" is required',
    ]);
  });

  test("one that no pack reads is pointed out", async () => {
    expect(
      printed(await loadTree({ "packs/demo/pack.yaml": packYaml, "configs/demoo.yaml": "a: 1\n" })),
    ).toEqual(['warning configs/demoo.yaml:1:1 there is no pack "demoo" | demo']);
  });
});

test("overrides switch resources: exceptions before the pack's defaults before the global ones", async () => {
  const loaded = await loadTree({
    "packs/demo/pack.yaml": packYaml,
    "packs/demo/actions/a.yaml": action("a"),
    "packs/demo/actions/b.yaml": action("b"),
    "packs/other/pack.yaml": packYaml,
    "packs/other/actions/c.yaml": action("c"),
    "overrides/_global.yaml": "actions: {defaults: {enabled: false}}\n",
    "overrides/demo.yaml":
      "actions: {defaults: {enabled: true}, exceptions: {b: {enabled: false}}}\n",
  });
  expect(printed(loaded)).toEqual([]);
  expect(
    Object.fromEntries([...loaded.content.actions].map(([ref, { enabled }]) => [ref, enabled])),
  ).toEqual({
    "demo.a": true,
    "demo.b": false,
    "other.c": false,
  });
  const wrong = await loadTree({
    "overrides/_global.yaml": "actions: {exceptions: {a: {enabled: true}}}\n",
    "packs/demo/pack.yaml": packYaml,
  });
  expect(printed(wrong)).toEqual([
    "error overrides/_global.yaml:1:11 exceptions are not allowed in _global.yaml",
  ]);
});

test.each<[string, string]>([
  [
    "name: demo\ndescription: d\nauthor: a\n",
    'error packs/demo/pack.yaml:1:1 "version" is missing',
  ],
  [packYaml.replace("1.0.0", "one"), 'error packs/demo/pack.yaml:3:10 "one" is not a version'],
  [
    packYaml.replace("a@example.com", "nobody"),
    'error packs/demo/pack.yaml:5:8 email must be a mail address, not "nobody"',
  ],
  [
    `${packYaml}ref: Not-A-Ref\n`,
    'error packs/demo/pack.yaml:6:6 ref must be small letters, digits and _, not "Not-A-Ref"',
  ],
  [
    `${packYaml}ref: _global\n`,
    "error packs/demo/pack.yaml:6:6 the pack in packs/demo has no usable ref",
  ],
  [
    "name: [\n",
    "error packs/demo/pack.yaml:2:1 not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
])("pack.yaml: %j", async (text, expected) => {
  const loaded = await loadTree({
    "packs/demo/pack.yaml": text,
    "packs/other/pack.yaml": packYaml,
  });
  expect(printed(loaded)).toEqual([expected]);
  expect([...loaded.content.packs.keys()]).toEqual(["other"]);
});

test("a file that is not UTF-8 is named and hides nothing", async () => {
  const root = writeTree({
    "demo/pack.yaml": packYaml,
    "demo/actions/good.yaml": action("a"),
    "demo/actions/latin.yaml": "",
  });
  writeFileSync(join(root, "demo/actions/latin.yaml"), Buffer.from([0x6e, 0x3a, 0x20, 0xe9]));
  const { content, problems } = await loadContent({
    directories: { bundled: [], site: {}, packs: [root] },
  });
  expect(problems.map(({ message }) => message)).toEqual(["the file is not UTF-8"]);
  expect([...content.actions.keys()]).toEqual(["demo.a"]);
});
