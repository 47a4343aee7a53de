import { needs } from "../support/needs.ts";

/** Whether this machine has what the main job changes. */
export const ready = ["haproxy", "named", "dig", "redis-server"].map(needs).every(Boolean);
