/** `name=value` pairs inside a string: inline inputs (`core.echo message=<% ctx().x %>`) and inline publishes. */

const values = [
  String.raw`\[.*\]\s*`,
  String.raw`"[^"]*"\s*`,
  String.raw`'[^']*'\s*`,
  String.raw`-?\d*\.\d+`,
  String.raw`-?\d+`,
  "[tT][rR][uU][eE]",
  "[fF][aA][lL][sS][eE]",
  "null",
  String.raw`\{\{.*?\}\}`,
  "<%.*?%>",
  String.raw`<\$[^]*?\$>`,
];
const pair = new RegExp(String.raw`([\p{L}\p{N}_]+)=(${values.join("|")})`, "gu");
const quoted = /"[^"]*"|'[^']*'/;

/** Every `name=value` of the text, in order; a name may come twice. Values that are JSON become data, all others stay text. */
export function inlineParameters(text: string): Array<[name: string, value: unknown]> {
  if (!text.includes("=")) return [];
  return [...text.matchAll(pair)].map(([, name = "", value = ""]) => [name, inlineValue(value)]);
}

function inlineValue(written: string): unknown {
  const value = written.trim();
  const bare = value.replace(/^"/, "").replace(/"$/, "").replace(/^'/, "").replace(/'$/, "");
  // Quotes anywhere make it text, also in `["a"]`; only a dict in quotes is data. This is Orquesta's rule.
  const dict = bare.startsWith("{") && bare.endsWith("}");
  if (quoted.test(value) && bare !== "" && !dict) return bare;
  const lower = bare.toLowerCase();
  if (lower === "true" || lower === "false") return lower === "true";
  try {
    return JSON.parse(bare);
  } catch {
    return bare;
  }
}
