/** Days as people write them: `2026-11-24`. */

const pattern = /^\d{4}-\d{2}-\d{2}$/;

/** Whether the text is a day that exists; 2026-02-30 is none. */
export function isDay(text: string): boolean {
  if (!pattern.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}
