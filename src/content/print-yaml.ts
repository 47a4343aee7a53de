import { stringify } from "yaml";

/** A JSON value as YAML that PyYAML reads the same, keys in their order, long text in blocks. */
export function printYaml(value: unknown): string {
  return stringify(value, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });
}
