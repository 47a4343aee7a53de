/** Points in time and spans of time among YAQL's values. */
import { PyDateTime, PyTimeDelta } from "../python/collections.ts";
import { pyEquals } from "../python/compare.ts";

export type Temporal = PyDateTime | PyTimeDelta;

export function isTemporal(value: unknown): value is Temporal {
  return value instanceof PyDateTime || value instanceof PyTimeDelta;
}

export function hashTemporal(value: Temporal): string {
  return value instanceof PyDateTime ? `\0D${value.sortKey()}` : `\0T${value.microseconds}`;
}

export function temporalEquals(left: Temporal, right: unknown): boolean {
  return isTemporal(right) && pyEquals(left, right);
}

export function isZeroSpan(value: unknown): boolean {
  return value instanceof PyTimeDelta && value.microseconds === 0;
}
