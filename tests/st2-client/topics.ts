/** All commands of StackStorm's command line, in the order in which they are called. */
import { accessTopics } from "./steps-access.ts";
import { executionsTopics } from "./steps-executions.ts";
import { peopleTopics } from "./steps-people.ts";
import { contentTopics } from "./steps-content.ts";
import { rulesTopics } from "./steps-rules.ts";
import { machineTopics } from "./steps-machine.ts";
import type { Topic } from "./step.ts";

/** The first signs in; the others need nothing but that. */
export const topics: readonly Topic[] = [
  ...accessTopics,
  ...executionsTopics,
  ...peopleTopics,
  ...contentTopics,
  ...rulesTopics,
  ...machineTopics,
];
