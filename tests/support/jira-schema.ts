/** Atlassian's own documents as judges: the OpenAPI of JIRA Cloud's v3 and the schema of its rich text. */
import { existsSync, readFileSync } from "node:fs";
import Ajv from "ajv";
import Ajv4 from "ajv-draft-04";
import formats from "ajv-formats";

const folder = new URL("../../../shared/openapi/", import.meta.url);
const files = {
  api: new URL("jira-cloud-v3.json", folder),
  document: new URL("atlassian-document-format-v1.json", folder),
};

export interface JiraSchema {
  /** What is wrong with a request, in words; empty when nothing is. */
  request(method: string, path: string, query: URLSearchParams, body: unknown): string[];
  /** What is wrong with our own answer. */
  answer(method: string, path: string, status: number, body: unknown): string[];
  /** Whether a value is an Atlassian document. */
  readonly isDocument: (value: unknown) => boolean;
}

export const jiraSchemaExists = existsSync(files.api) && existsSync(files.document);

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: object }>>;

let loaded: JiraSchema | undefined;

/** Read and compiled once per process. */
export function loadJiraSchema(): JiraSchema {
  loaded ??= compile();
  return loaded;
}

function compile(): JiraSchema {
  const api = JSON.parse(readFileSync(files.api, "utf8")) as {
    paths: Record<string, Record<string, Operation>>;
  };
  const ajv = new Ajv.default({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(
    JSON.parse(JSON.stringify(api).replaceAll('"#/components', '"jira#/components')) as object,
    "jira",
  );
  const isDocument = new Ajv4.default({ strict: false }).compile(
    JSON.parse(readFileSync(files.document, "utf8")) as object,
  );
  const templates = Object.keys(api.paths).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  }));
  const operation = (method: string, path: string): Operation | undefined => {
    // A template without variables goes first: /issue/createmeta is no issue.
    const found = templates
      .filter(({ pattern }) => pattern.test(path))
      .toSorted(
        (left, right) => left.template.split("{").length - right.template.split("{").length,
      );
    return found.map(({ template }) => api.paths[template]?.[method.toLowerCase()]).find(Boolean);
  };
  const checks = new Map<object, ReturnType<typeof ajv.compile>>();
  const faults = (what: string, content: Content | undefined, value: unknown): string[] => {
    const schema = content?.["application/json"]?.schema;
    if (!schema || Object.keys(schema).length === 0) return [];
    let check = checks.get(schema);
    if (check === undefined) {
      check = ajv.compile(
        JSON.parse(
          JSON.stringify(schema).replaceAll('"#/components', '"jira#/components'),
        ) as object,
      );
      checks.set(schema, check);
    }
    if (check(value)) return [];
    return (check.errors ?? []).map(
      (error) =>
        `${what}${error.instancePath} ${error.message ?? ""} ${JSON.stringify(error.params)}`,
    );
  };
  return {
    request(method, path, query, body) {
      const found = operation(method, path);
      if (!found) return [`${method} ${path} is not in Atlassian's document`];
      const names = new Set(
        (found.parameters ?? []).filter((one) => one.in === "query").map(({ name }) => name),
      );
      const unknown = [...query.keys()]
        .filter((name) => !names.has(name))
        .map((name) => `query parameter ${name} is unknown`);
      const bodyFaults = found.requestBody
        ? faults("body", found.requestBody.content, body)
        : body === undefined
          ? []
          : ["this request takes no body"];
      return [...unknown, ...bodyFaults];
    },
    answer: (method, path, status, body) =>
      faults("answer", operation(method, path)?.responses[String(status)]?.content, body),
    isDocument: (value) => isDocument(value),
  };
}
