/** Random expressions of each language, and what becomes of text that is changed here and there. */
import fc from "fast-check";
import { payloads } from "../expressions/payloads.ts";

export type Language = "yaql" | "jinja" | "jsonata";

const words = fc.constantFrom("a", "x", "l", "s", "d", "none", "true", "null", "loop");

interface Grammar {
  readonly leaves: readonly string[];
  readonly operators: readonly string[];
  /** `#` stands for another expression. */
  readonly forms: readonly string[];
}

const grammars: Readonly<Record<Language, Grammar>> = {
  yaql: {
    leaves: ["1", "2.5", "'q\\'s\\n'", '"b"', "`v\\`w`", "$", "$x", "100.0", "ctx()", "ctx(l)"],
    operators: "+ - * / mod . ?. = != < <= and or in -> =~".split(" "),
    forms: [
      "(#)",
      "- #",
      "not #",
      "[#, #]",
      "{# => #}",
      "#[#]",
      "f(#)",
      "len(#)",
      "#.select(#)",
      "#.where(#)",
      "str(#)",
      "dict(a => #)",
      "let(#) -> #",
      "switch(# => #)",
      "f(#,, #)",
      "#.orderBy(#)",
      "range(#)",
      "#.get(#)",
      "#.join(#)",
      "regex(#).search(#)",
    ],
  },
  jinja: {
    leaves: [
      "1",
      "2.5",
      "'q\\'s'",
      "ctx()",
      "ctx().l",
      "none",
      "true",
      "[]",
      "{}",
      "'%s'",
      "range(3)",
    ],
    operators: "+ - * / // % ** ~ == != < <= and or in".split(" "),
    forms: [
      "(#)",
      "-#",
      "not #",
      "[#, #]",
      "(#, #)",
      "{#: #}",
      "#[#]",
      "#[#:#]",
      "#.a",
      "f(#)",
      "# if # else #",
      "#|string",
      "#|default(#)",
      "#|join(#)",
      "#|map('upper')|list",
      "# is defined",
      "# is divisibleby(#)",
      "#|replace(#, a=#)",
      "#.format(#)",
      "# not in #",
      "#.items()",
      "#|tojson",
      "#|regex_search(#)",
    ],
  },
  jsonata: {
    leaves: ["1", "2.5", '"q"', "$", "$$", "$v", "null", "true", "*", "`a b`", "l", "x.a"],
    operators: "+ - * / % = != < <= and or in & . ~>".split(" "),
    forms: [
      "(#)",
      "-#",
      "[#, #]",
      '{"k": #}',
      "#[#]",
      "$string(#)",
      "$sum(#)",
      "# ? # : #",
      "($v := #; #)",
      "#.(#)",
      "#^(>#)",
      "function($a){#}",
      "$map(#, function($i){#})",
      "[#..#]",
      "$f(#, ?)",
      "#{#: #}",
    ],
  },
};

/** Text of that language, nearly always one that parses. */
export function expressionOf(language: Language): fc.Arbitrary<string> {
  const { leaves, operators, forms } = grammars[language];
  return fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4, depthIdentifier: language, withCrossShrink: true },
      fc.oneof(words, fc.constantFrom(...leaves)),
      fc
        .tuple(tie("any"), fc.constantFrom(...operators), tie("any"))
        .map(([left, operator, right]) => `${left} ${operator} ${right}`),
      fc
        .tuple(fc.constantFrom(...forms), tie("any"), tie("any"), tie("any"))
        .map(([form, ...parts]) => filled(form, parts)),
    ),
  })).any;
}

function filled(form: string, parts: readonly string[]): string {
  let next = 0;
  return form.replaceAll("#", () => parts[next++] ?? "1");
}

const change = fc.record({
  at: fc.nat(),
  drop: fc.nat({ max: 4 }),
  insert: fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.string({ maxLength: 3, unit: "binary" }),
    fc.constantFrom(..."(){}[]<>%$|.,:;'\"\\~`#@^*".split("")),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "prototype",
      ".constructor",
      "['__proto__']",
      "9".repeat(30),
      "\u0000",
    ),
  ),
});

const seeds: Readonly<Record<Language, readonly string[]>> = {
  yaql: seedsOf("yaql"),
  jinja: seedsOf("jinja"),
  jsonata: seedsOf("jsonata"),
};

function seedsOf(language: Language): string[] {
  const own = payloads.filter((each) => each.language === language && each.text.length < 300);
  return own.map(({ text }) => text);
}

const delimiters = {
  yaql: ["<% ", " %>"],
  jinja: ["{{ ", " }}"],
  jsonata: ["<$ ", " $>"],
} as const;

/** Text with delimiters: an expression or a payload, changed in some places, alone or within other text. */
export function mutatedText(language: Language): fc.Arbitrary<string> {
  const [open, close] = delimiters[language];
  const seed = fc.oneof(
    expressionOf(language).map((source) => open + source + close),
    fc.constantFrom(...seeds[language]),
  );
  return fc
    .tuple(seed, fc.array(change, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "a ", "\n"))
    .map(([text, changes, before]) => before + changes.reduce(changed, text));
}

function changed(
  text: string,
  { at, drop, insert }: { at: number; drop: number; insert: string },
): string {
  const place = at % (text.length + 1);
  return text.slice(0, place) + insert + text.slice(place + drop);
}
