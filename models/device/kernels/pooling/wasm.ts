/** Sums over windows and their transpose on wasm. @module */
import { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { callKernel, replaceKernel } from "../register.ts";
import { poolingWindows, shapesOf, type Windows } from "./geometry.ts";
import { isIdentity, replacePooling } from "./register.ts";

const elementsPerTask = 16_384;

/** The same with the one axis of [batch, length, 1, channels] across: the inner loop runs along it. */
function lying(windows: Windows): Windows {
  const { height, width, down, across, size, strides, padding } = windows;
  if (width > 1 || across > 1 || padding[1] > 0) return windows;
  return {
    ...windows,
    height: 1,
    width: height,
    down: 1,
    across: down,
    size: [1, size[0]],
    strides: [1, strides[0]],
    padding: [0, padding[0]],
  };
}

/** Runs one of the two operations; rows are those of the result. */
function run(heap: WasmHeap, spread: boolean, x: tf.TensorInfo, given: Windows): tf.TensorInfo {
  const { covered, pooled } = shapesOf(given), result = heap.output(spread ? covered : pooled);
  if (tf.util.sizeFromShape(result.shape) === 0) return result;
  const windows = lying(given), { batch, height, width, down, across, channels } = windows;
  const rows = batch * (spread ? height : down);
  const step = Math.ceil(elementsPerTask / ((spread ? width : across) * channels));
  heap.run(spread ? operations.spread : operations.pool, Math.ceil(rows / step), [
    heap.address(x),
    heap.address(result),
    rows,
    step,
    height,
    width,
    down,
    across,
    channels,
    ...windows.size,
    ...windows.strides,
    ...windows.padding,
    windows.mean ? 1 : 0,
  ]);
  return result;
}

/** Replaces the kernels over windows, and `MaxPool` of single elements, whose result the stock kernel leaves unset. */
export function registerPoolingWasm(heap: WasmHeap): void {
  replacePooling("wasm", {
    pool: (x, windows) => run(heap, false, x, windows),
    spread: (y, windows) => run(heap, true, y, windows),
  });
  replaceKernel("MaxPool", "wasm", (stock) => ({ x }, attributes) => {
    const handsOn = isIdentity(poolingWindows(x.shape, attributes));
    return handsOn ? callKernel("Identity", { x }) : stock({ x }, attributes);
  });
}
