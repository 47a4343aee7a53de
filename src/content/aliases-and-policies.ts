/** `aliases/*.yaml` and `policies/*.yaml`. */
import { nearest } from "./problems.ts";
import type { SourceFile } from "./problems.ts";
import { flagOf, objectOf, positionOf, shaped, textOf } from "./reading.ts";
import type { PackReading } from "./reading.ts";
import { aliasShape } from "./schemas/definitions.ts";
import { policyShape, policyTypes } from "./schemas/policies.ts";
import { checkShape } from "./shape.ts";
import type { Path } from "./yaml.ts";

export function readAlias(source: SourceFile, reading: PackReading): void {
  const document = shaped(source, aliasShape, reading);
  if (document === undefined) return;
  const name = textOf(document, "name");
  const ref = `${reading.pack}.${name}`;
  reading.draft.aliases.set(ref, {
    formats: [],
    extra: {},
    immutable_parameters: {},
    ...document,
    description: textOf(document, "description"),
    enabled: reading.overrides.enabled("aliases", name, flagOf(document, "enabled", true)),
    ref,
    pack: reading.pack,
    name,
    source: positionOf(source),
  });
  checkActionLater(source, ["action_ref"], textOf(document, "action_ref"), reading);
}

export function readPolicy(source: SourceFile, reading: PackReading): void {
  const document = shaped(source, policyShape, reading);
  if (document === undefined) return;
  const policyType = textOf(document, "policy_type");
  const parameters = objectOf(document, "parameters");
  const shape = policyTypes[policyType];
  const place = { source, path: ["parameters"] };
  if (shape !== undefined && !checkShape(shape, parameters, place, reading.problems)) return;
  const name = textOf(document, "name");
  const ref = `${reading.pack}.${name}`;
  reading.draft.policies.set(ref, {
    ref,
    pack: reading.pack,
    name,
    resourceRef: textOf(document, "resource_ref"),
    policyType,
    description: textOf(document, "description"),
    enabled: flagOf(document, "enabled", true),
    parameters,
    source: positionOf(source),
  });
  checkActionLater(source, ["resource_ref"], textOf(document, "resource_ref"), reading);
}

function checkActionLater(source: SourceFile, path: Path, ref: string, reading: PackReading): void {
  reading.later.push(() => {
    if (!reading.draft.actions.has(ref))
      reading.problems.reference(source, path, `there is no action "${ref}"`, {
        suggestion: nearest(ref, reading.draft.actions.keys()),
      });
  });
}
