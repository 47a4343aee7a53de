/** How many random cases a property tries: few in CI, many with `npm run fuzz -- --full`. */
export const isFull = process.env["FUZZ"] === "full";

export function runs(usual: number): number {
  return isFull ? 100_000 : usual;
}

/** Milliseconds that a test may take. */
export const patience = isFull ? 7_200_000 : 120_000;
