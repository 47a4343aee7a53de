/** StackStorm's functions. */
import type { FunctionDefinition } from "../signature.ts";

export const stackstormFunctions: readonly FunctionDefinition[] = [];
