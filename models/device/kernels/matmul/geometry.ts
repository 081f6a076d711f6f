/** The lengths of a matrix product. @module */
import { tf } from "../../../../deps/tf.ts";

/** What is multiplied: for each item of the batch [m, k] by [k, n]. */
export interface ProductGeometry {
  /** The leading axes of the result. */
  readonly batch: number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Where the factors of each item begin, in elements. */
  readonly offsets: [number, number][];
}

/** Offsets of each item of the broadcast batch in a tensor whose own batch is `own`. */
function batchOffsets(own: number[], batch: number[], size: number): number[] {
  let offsets = [0], stride = size;
  const strides = batch.map(() => 0);
  for (let i = 1; i <= own.length; i++) {
    const length = own[own.length - i];
    if (length > 1) strides[batch.length - i] = stride;
    stride *= length;
  }
  batch.forEach((length, axis) => {
    offsets = offsets.flatMap((offset) =>
      Array.from({ length }, (_, i) => offset + i * strides[axis])
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
  const fromA = batchOffsets(aBatch, batch, m * k), fromB = batchOffsets(bBatch, batch, k * n);
  return { batch, m, n, k, offsets: fromA.map((offset, i) => [offset, fromB[i]]) };
}
