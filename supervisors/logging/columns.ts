/** Text in two columns. @module */

/** Two columns: the first as wide as its longest entry, the second wrapped to 100 columns. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 4;
  const room = Math.max(30, 100 - width);
  return rows.flatMap(([left, right]) => {
    const lines = wrap(right, room);
    return lines.map((line, i) => (i === 0 ? `  ${left}` : "").padEnd(width) + line);
  });
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1];
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
