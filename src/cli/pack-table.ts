/** Lines with columns of equal width, for people. */
export function rows(table: readonly Readonly<Record<string, string | number>>[]): string {
  const [first] = table;
  if (first === undefined) return "none\n";
  const names = Object.keys(first);
  const lines = [names, ...table.map((row) => names.map((name) => String(row[name] ?? "")))];
  const widths = names.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${text.join("\n")}\n`;
}
