/** The pages tell the truth where it can be checked: links, commands, environment, versions. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const pages = ["README.md", "CHANGELOG.md", ...globSync("docs/*.md")];
const read = (file: string): string => readFileSync(file, "utf8");
const readme = read("README.md");

/** As GitHub makes anchors of headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  return new Set(
    [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test.each(pages)("%s: every link leads somewhere", (file) => {
  const text = read(file).replaceAll(/```[\s\S]*?```|`[^`]*`/g, "");
  const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^(https?|mailto):/.test(link))
    .filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? file : join(dirname(file), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(read(target)).has(anchor);
    });
  expect(broken).toEqual([]);
});

test.each(pages)("%s: every file of ours that it names by path exists", (file) => {
  const named = [
    ...read(file).matchAll(/\b((?:docs|src|tests|packs)\/[\w./-]+\.(?:md|ts|yaml))\b/g),
  ]
    .map(([, path = ""]) => path)
    // Examples are packs that are not shipped, and `NNNN_name`.
    .filter((path) => !path.includes("NNNN"))
    .filter((path) => !path.startsWith("packs/") || existsSync(path.split("/", 2).join("/")));
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

test("docs/ is reachable from the README", () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    for (const [, link = ""] of read(file).matchAll(/\]\(([^)#\s]+\.md)/g))
      visit(join(dirname(file), link));
  };
  visit("README.md");
  expect(pages.filter((page) => !seen.has(page))).toEqual([]);
});

function variables(text: string): string[] {
  return [...new Set(text.match(/\b(RAICHO_[A-Z0-9_]+|DATABASE_URL|REDIS_URL)\b/g))].toSorted();
}

describe("the README", () => {
  test("has the two set-up commands, each alone in its block", () => {
    const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code = ""]) =>
      code.trim(),
    );
    expect(blocks.slice(0, 2)).toEqual(["npm ci && npm start", "npm cit"]);
  });

  test("names every variable of the environment, and no other", () => {
    const table = readme.slice(readme.indexOf("## Environment"), readme.indexOf("## More"));
    const known = variables(read("src/config.ts") + read("src/config-values.ts"));
    expect(variables(table)).toEqual(known);
    expect(variables(read("src/main.ts"))).toEqual(known);
  });

  test("names only scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name = ""]) => name),
    );
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test("leads the main job through files that exist", () => {
    const job = readme.slice(readme.indexOf("## The main job"), readme.indexOf("### Connect it"));
    for (const name of ["alert_to_ticket", "alert_repeated", "alert_recovered"])
      expect(existsSync(`rules/${name}.yaml`)).toBe(true);
    for (const name of ["alert_to_ticket", "alert_recovered"])
      expect(existsSync(`workflows/${name}.yaml`)).toBe(true);
    expect(job).toContain("workflows/alert_to_ticket.yaml");
  });
});

test("the changelog has a place for what comes, or the version that package.json names", () => {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  expect(read("CHANGELOG.md")).toMatch(new RegExp(`^## \\[(Unreleased|${version})\\]`, "m"));
});

test("CI installs every server that a test asks for", () => {
  const packages: Readonly<Record<string, string>> = {
    "ansible-inventory": "ansible-core",
    baresip: "baresip",
    dig: "bind9-dnsutils",
    "espeak-ng": "espeak-ng",
    fish: "fish",
    git: "git",
    dovecot: "dovecot-imapd",
    haproxy: "haproxy",
    named: "bind9",
    jsonschema: "python3-jsonschema",
    python3: "python3",
    openssl: "openssl",
    puma: "puma",
    ngircd: "ngircd",
    prosody: "prosody",
    "redis-server": "redis-server",
    slapd: "slapd",
    sshd: "openssh-server",
    sudo: "sudo",
    zsh: "zsh",
  };
  const asked = new Set(
    globSync("tests/**/*.ts").flatMap((file) =>
      [...read(file).matchAll(/\bneeds\("([^"]+)"\)/g)].map(([, program = ""]) => program),
    ),
  );
  const ci = read(".ci/run");
  expect([...asked].filter((program) => packages[program] === undefined)).toEqual([]);
  expect([...asked].filter((program) => !ci.includes(packages[program] ?? "?"))).toEqual([]);
});
