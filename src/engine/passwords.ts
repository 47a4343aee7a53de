/** What a password must be. As OWASP ASVS 5 asks (6.2): length counts, composition does not; what everybody tries first is refused. */

const shortest = 8;
const longest = 1_024;

/** Stems of what is tried first everywhere; digits and signs around them do not help. */
const common = new Set(
  "password passwort passw0rd pass admin administrator root raicho stackstorm st2admin welcome letmein qwerty qwertyuiop qwertz asdfghjkl iloveyou monkey dragon master sunshine princess football baseball superman batman trustno1 changeme secret default test testtest login access abc abcd abcdef abcdefgh hello whatever starwars shadow michael jordan internet server service operator".split(
    " ",
  ),
);

/** Why this password cannot be taken, or undefined. */
export function passwordFault(password: string, name: string): string | undefined {
  if (password.length < shortest) return `The password has fewer than ${shortest} characters.`;
  if (password.length > longest) return `The password has more than ${longest} characters.`;
  const lower = password.toLowerCase();
  const stem = lower.replaceAll(/^[\W\d_]+|[\W\d_]+$/g, "");
  if (lower === name.toLowerCase() || stem === name.toLowerCase())
    return "The password is the name of the user.";
  if (common.has(stem) || stem === "" || new Set(lower).size < 3)
    return "The password is one of those that are tried first.";
  return undefined;
}
