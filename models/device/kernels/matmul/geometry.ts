/** The lengths of a matrix product. @module */
import { tf } from "../../../../deps/tf.ts";

/** What is multiplied: for each item of the batch [m, k] by [k, n]. */
export interface ProductGeometry {
  /** The leading axes of the result. */
  readonly batch: number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Distance of the items of each factor along each axis of the batch, in elements; 0 where it is repeated. */
  readonly aBatchStrides: number[];
  readonly bBatchStrides: number[];
}

/** Distances along the axes of `batch` in a tensor whose own batch is `own` and whose items have `size` elements. */
function batchStrides(own: number[], batch: number[], size: number): number[] {
  const strides = batch.map(() => 0);
  let stride = size;
  for (let i = 1; i <= own.length; i++) {
    const length = own[own.length - i];
    if (length > 1) strides[batch.length - i] = stride;
    stride *= length;
  }
  return strides;
}

/** Where the factors of each item begin, in elements. */
export function itemOffsets(
  { batch, aBatchStrides, bBatchStrides }: ProductGeometry,
): [a: number, b: number][] {
  let offsets: [number, number][] = [[0, 0]];
  batch.forEach((length, axis) => {
    const steps = Array.from({ length }, (_, i) => i);
    offsets = offsets.flatMap(([a, b]) =>
      steps.map((i): [number, number] => [
        a + i * aBatchStrides[axis],
        b + i * bBatchStrides[axis],
      ])
    );
  });
  return offsets;
}

/** Works out the lengths, with the batches broadcast on both sides. @throws {TypeError} If they do not fit */
export function productGeometry(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): ProductGeometry {
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new TypeError(
      `Cannot multiply [${a.shape}] by [${b.shape}]; expected matrices, or batches of them`,
    );
  }
  const [aRows, aColumns] = a.shape.slice(-2), [bRows, bColumns] = b.shape.slice(-2);
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== inner) {
    throw new TypeError(
      `Cannot multiply [${a.shape}] by [${b.shape}] with transposeA=${transposeA} and transposeB=${transposeB}: ` +
        `the inner dimensions are ${k} and ${inner}, expected equal ones`,
    );
  }
  const aBatch = a.shape.slice(0, -2), bBatch = b.shape.slice(0, -2);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
  return {
    batch,
    m,
    n,
    k,
    aBatchStrides: batchStrides(aBatch, batch, m * k),
    bBatchStrides: batchStrides(bBatch, batch, k * n),
  };
}

/** Whether `x` has one element for each column of a product, the same in every row; true for none. */
export function isRow(x: tf.TensorInfo | undefined, columns: number): boolean {
  return !x || x.shape.at(-1) === columns && tf.util.sizeFromShape(x.shape) === columns;
}
