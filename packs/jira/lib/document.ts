/** Plain text as an Atlassian document and back. Nothing in the text is markup: it stays as written. */
import type { JsonObject } from "raicho/pack";
import { objects, textOf } from "./json.ts";

/** Empty lines part paragraphs; every other line end is a hard break. */
export function toDocument(text: string): JsonObject {
  const paragraphs = text.replaceAll(/\r\n?/g, "\n").split(/\n[ \t]*\n/);
  return { type: "doc", version: 1, content: paragraphs.map(paragraph) };
}

function paragraph(text: string): JsonObject {
  const content = text
    .split("\n")
    .flatMap((line, index) => [
      ...(index > 0 ? [{ type: "hardBreak" }] : []),
      ...(line === "" ? [] : [{ type: "text", text: line }]),
    ]);
  return { type: "paragraph", content };
}

const blocks = new Set([
  "paragraph",
  "heading",
  "codeBlock",
  "listItem",
  "taskItem",
  "tableRow",
  "rule",
]);

/** The words of a document, or the text itself where JIRA keeps text. */
export function toText(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return null;
  return objects([value]).map(words).join("").replace(/\n+$/, "");
}

function words(node: JsonObject): string {
  const type = textOf(node["type"]) ?? "";
  if (type === "text") return textOf(node["text"]) ?? "";
  if (type === "hardBreak") return "\n";
  const attributes = objects([node["attrs"]])[0];
  if (type === "mention" || type === "emoji") return textOf(attributes?.["text"]) ?? "";
  const inner = objects(node["content"]).map(words).join("");
  if (type === "paragraph") return `${inner}\n\n`;
  return blocks.has(type) ? `${inner.replace(/\n+$/, "")}\n` : inner;
}
