/** All functions of YAQL, in the layers in which Orquesta registers them. */
import { booleanFunctions, branchingFunctions } from "./library/boolean.ts";
import { listFunctions } from "./library/collections.ts";
import { dictFunctions } from "./library/dicts.ts";
import { editingFunctions } from "./library/editing.ts";
import { datetimeFunctions, timespanFunctions } from "./library/datetime.ts";
import { cuttingFunctions } from "./library/cutting.ts";
import { orderingFunctions } from "./library/grouping.ts";
import { mathFunctions } from "./library/math.ts";
import { orquestaFunctions } from "./library/orquesta.ts";
import { foldingFunctions } from "./library/folding.ts";
import { producingFunctions } from "./library/producing.ts";
import { filteringFunctions } from "./library/queries.ts";
import { regexFunctions } from "./library/regex.ts";
import { setFunctions } from "./library/sets.ts";
import { stackstormFunctions } from "./library/stackstorm.ts";
import { stringFunctions } from "./library/strings.ts";
import { propertyAccess, systemFunctions } from "./library/system.ts";
import type { Library } from "./names.ts";
import type { FunctionDefinition } from "./signature.ts";

const layers: ReadonlyArray<readonly FunctionDefinition[]> = [
  [...orquestaFunctions, ...stackstormFunctions],
  [
    ...systemFunctions,
    ...booleanFunctions,
    ...branchingFunctions,
    ...mathFunctions,
    ...stringFunctions,
    ...regexFunctions,
    ...listFunctions,
    ...dictFunctions,
    ...setFunctions,
    ...editingFunctions,
    ...filteringFunctions,
    ...foldingFunctions,
    ...producingFunctions,
    ...orderingFunctions,
    ...cuttingFunctions,
    ...datetimeFunctions,
    ...timespanFunctions,
  ],
  [propertyAccess],
];

/** Functions by name. */
export const library: Library = byName();

function byName(): Library {
  const names = new Set(layers.flat().map(({ name }) => name));
  return new Map(
    [...names].map((name) => [
      name,
      layers
        .map((layer) => layer.filter((definition) => definition.name === name))
        .filter((layer) => layer.length > 0),
    ]),
  );
}
