import { statuses, type Issue } from "./jira-world.ts";

/** The part of JQL that the fake knows: conditions joined by AND. Throws what JIRA would say. */
export function jqlFilter(jql: string): (issue: Issue) => boolean {
  const [conditions = ""] = jql.split(/\border\s+by\b/i);
  if (conditions.trim() === "")
    throw new Error(
      "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.",
    );
  const tests = conditions
    .split(/\band\b(?=(?:[^"]*"[^"]*")*[^"]*$)/i)
    .map((one) => condition(one.trim()));
  return (issue) => tests.every((test) => test(issue));
}

function condition(text: string): (issue: Issue) => boolean {
  const [, minutes] = /^updated\s*>=\s*"-(\d+)m"$/i.exec(text) ?? [];
  if (minutes !== undefined)
    return ({ updated }) => Date.parse(updated) >= Date.now() - Number(minutes) * 60_000;
  const [, field = "", operator = "", rest = ""] =
    /^(\w+)\s*(!=|=|not\s+in|in)\s*(.+)$/is.exec(text) ?? [];
  if (field === "") throw new Error(`Error in the JQL Query: '${text}' is not understood.`);
  const wanted = new Set(
    [...rest.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s(),"]+)/g)].map(([, quoted, bare]) =>
      (quoted ?? bare ?? "").replaceAll(/\\(.)/g, "$1"),
    ),
  );
  const negative = operator === "!=" || /^not/i.test(operator);
  return (issue) => valuesOf(field, issue).some((value) => wanted.has(value)) !== negative;
}

function parentOf({ values }: Issue): string {
  return (values["parent"] as { key?: string } | undefined)?.key ?? "";
}

function namesIn(value: unknown): readonly string[] {
  return ((value ?? []) as { name?: string }[]).map(({ name }) => name ?? "");
}

function valuesOf(field: string, issue: Issue): readonly string[] {
  switch (field.toLowerCase()) {
    case "project":
      return [issue.key.replace(/-\d+$/, "")];
    case "key":
    case "issuekey":
      return [issue.key];
    case "component":
      return namesIn(issue.values["components"]);
    case "labels":
      return (issue.values["labels"] ?? []) as string[];
    case "status":
      return [issue.status];
    case "statuscategory":
      return [{ new: "To Do", indeterminate: "In Progress", done: "Done" }[statuses[issue.status]]];
    case "parent":
      return [parentOf(issue)];
    default:
      throw new Error(`Field '${field}' does not exist or you do not have permission to view it.`);
  }
}
