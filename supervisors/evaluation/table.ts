/** Rows and figures of tables for a terminal. @module */

/** How wide a table's columns are, in characters. */
export interface TableWidths {
  readonly name: number;
  readonly cell: number;
}

/** A name to the left and cells to the right of their columns. */
export function tableRow(
  name: string,
  cells: readonly string[],
  { name: nameWidth, cell: cellWidth }: TableWidths,
): string {
  return (name.padEnd(nameWidth) + cells.map((cell) => cell.padStart(cellWidth)).join(""))
    .trimEnd();
}

/** Writes numbers with so many digits after the point, and a dash for what is not finite. */
export function fixed(digits: number): (value: number) => string {
  return (value) => Number.isFinite(value) ? value.toFixed(digits) : "-";
}
