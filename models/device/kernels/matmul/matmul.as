// C = A B (+ bias) for any strides, in blocks that fit the caches: Goto & van de Geijn 2008, doi:10.1145/1356052.1356053.

import { packColumns, packRows, panelRows } from "./pack";
import { tile4, tile5 } from "./tile";

const K_BLOCK: i32 = 384;
const ROW_BLOCK: i32 = 140;
const COLUMN_BLOCK: i32 = 1024;
const EDGE_BYTES: usize = 256;
const ROWS_BYTES: usize = <usize>(K_BLOCK * ROW_BLOCK) << 2;

// A tile that sticks out of the result: computed beside it, then the part that exists is copied.
function edgeTile(
  a: usize, b: usize, k: i32, width: i32, rows: i32, columns: i32,
  out: usize, outRow: usize, add: usize, addRow: usize, edge: usize,
): void {
  if (width == 5) tile5(a, b, k, edge, 32, 0, 0);
  else tile4(a, b, k, edge, 32, 0, 0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = <usize>j << 2;
      let value = load<f32>(edge + (<usize>i << 5) + at);
      if (add) value += load<f32>(add + <usize>i * addRow + at);
      store<f32>(out + <usize>i * outRow + at, value);
    }
  }
}

// The tiles of one block of packed rows `a` and packed columns `b`.
function tiles(
  a: usize, b: usize, rows: i32, columns: i32, k: i32,
  out: usize, outRow: usize, add: usize, addRow: usize, edge: usize,
): void {
  for (let j = 0; j < columns; j += 8) {
    let panel = a;
    const panelB = b + (<usize>(j * k) << 2), column = <usize>j << 2, wide = min(8, columns - j);
    for (let i = 0; i < rows;) {
      const width = panelRows(rows - i), high = min(width, rows - i);
      const to = out + <usize>i * outRow + column;
      const plus = add ? add + <usize>i * addRow + column : 0;
      if (wide < 8 || high < width) {
        edgeTile(panel, panelB, k, width, high, wide, to, outRow, plus, addRow, edge);
      } else if (width == 5) tile5(panel, panelB, k, to, outRow, plus, addRow);
      else tile4(panel, panelB, k, to, outRow, plus, addRow);
      panel += <usize>(width * k) << 2;
      i += width;
    }
  }
}

// Parts of nearly equal length, none longer than `limit`.
function evenBlock(length: i32, limit: i32): i32 {
  const parts = (length + limit - 1) / limit;
  return (length + parts - 1) / parts;
}

/**
 * One task of a product: task = (batch item, block of rows, block of columns), the last fastest.
 * Arguments: 0 a, 1 b, 2 c, 3 bias [n] or 0 (addresses); 4 m, 5 n, 6 k; strides in elements 7 a row, 8 a column, 9 b row,
 * 10 b column, 11 c row; 12 table of u32 pairs (offset of a, offset of b in elements) per batch item; 13 rows and
 * 14 columns of a task; 15 whether c is added to.
 */
export function matmulTask(args: usize, task: i32, scratch: usize): void {
  const m = load<i32>(args, 16), n = load<i32>(args, 20), k = load<i32>(args, 24);
  const aRow = load<i32>(args, 28), aColumn = load<i32>(args, 32);
  const bRow = load<i32>(args, 36), bColumn = load<i32>(args, 40), cRow = <usize>load<i32>(args, 44) << 2;
  const taskRows = load<i32>(args, 52), taskColumns = load<i32>(args, 56);
  const across = (n + taskColumns - 1) / taskColumns, down = (m + taskRows - 1) / taskRows;
  const item = task / (across * down);
  const row0 = task / across % down * taskRows, column0 = task % across * taskColumns;
  const rowEnd = min(m, row0 + taskRows), columnEnd = min(n, column0 + taskColumns);
  const offsets = <usize>load<u32>(args, 48) + (<usize>item << 3);
  const a = <usize>load<u32>(args) + (<usize>load<u32>(offsets) << 2);
  const b = <usize>load<u32>(args, 4) + (<usize>load<u32>(offsets, 4) << 2);
  const c = <usize>load<u32>(args, 8) + <usize>item * <usize>m * cRow;
  const bias = <usize>load<u32>(args, 12), accumulate = load<i32>(args, 60);

  const packedRows = scratch + EDGE_BYTES, packedColumns = packedRows + ROWS_BYTES;
  const kBlock = evenBlock(k, K_BLOCK), rowBlock = evenBlock(rowEnd - row0, ROW_BLOCK);
  for (let j = column0; j < columnEnd; j += COLUMN_BLOCK) {
    const columns = min(COLUMN_BLOCK, columnEnd - j), at = <usize>j << 2;
    for (let p = 0; p < k; p += kBlock) {
      const depth = min(kBlock, k - p);
      packColumns(b + (<usize>(p * bRow + j * bColumn) << 2), bColumn, bRow, columns, depth, packedColumns);
      for (let i = row0; i < rowEnd; i += rowBlock) {
        const rows = min(rowBlock, rowEnd - i), out = c + <usize>i * cRow + at;
        packRows(a + (<usize>(i * aRow + p * aColumn) << 2), aRow, aColumn, rows, depth, packedRows);
        const onto = p > 0 || accumulate, add = onto ? out : bias ? bias + at : 0;
        tiles(packedRows, packedColumns, rows, columns, depth, out, cRow, add, onto ? cRow : 0, scratch);
      }
    }
  }
}
