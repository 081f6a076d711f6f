/** Frames in chunks, each with the frames around it. @module */

/** How frames are cut. */
export interface ContextCut {
  /** Values of a frame. */
  readonly nMels: number;
  /** Frames of a chunk; the last may have fewer. */
  readonly chunkFrames: number;
  /** Frames on either side, where there are as many. */
  readonly contextFrames: number;
  /** Fewest frames of all chunks together; at most one more than `contextFrames`. */
  readonly leastFrames: number;
}

/** A chunk and the frames around it. */
export interface ChunkInContext {
  /** [frames, nMels]: the context before, the chunk, the context behind. */
  readonly frames: Float32Array;
  /** Frames before the chunk. */
  readonly before: number;
  /** Frames of the chunk. */
  readonly length: number;
}

/**
 * Cuts frames that come in pieces, and holds no more of them than a chunk, its context and a piece.
 *
 * @param pieces Each [frames, nMels] row by row
 * @throws {TypeError} If a piece has no whole frames
 * @throws {RangeError} If there are fewer than `leastFrames`
 */
export async function* framesInContext(
  pieces: Iterable<Float32Array> | AsyncIterable<Float32Array>,
  { nMels, chunkFrames, contextFrames, leastFrames }: ContextCut,
): AsyncGenerator<ChunkInContext> {
  let held: Float32Array = new Float32Array(0);
  let first = 0, at = 0, end = 0; // frames: the first that is held, the next chunk, what has come
  const cut = (length: number): ChunkInContext => {
    const from = Math.max(0, at - contextFrames);
    held = held.subarray((from - first) * nMels);
    first = from;
    const to = Math.min(end, at + length + contextFrames);
    const chunk = { frames: held.subarray(0, (to - from) * nMels), before: at - from, length };
    at += length;
    return chunk;
  };
  for await (const piece of pieces) {
    held = joined(held, piece, nMels);
    end = first + held.length / nMels;
    while (end >= at + chunkFrames + contextFrames) yield cut(chunkFrames);
  }
  if (end < leastFrames) {
    throw new RangeError(
      `Cannot vocode: the log-mel has ${end} frames, expected at least ${leastFrames}; give longer audio`,
    );
  }
  while (at < end) yield cut(Math.min(chunkFrames, end - at));
}

function joined(held: Float32Array, piece: Float32Array, nMels: number): Float32Array {
  if (piece.length % nMels !== 0) {
    throw new TypeError(
      `Cannot vocode: the log-mel has ${piece.length} values, expected a multiple of nMels (${nMels})`,
    );
  }
  if (held.length === 0) return piece;
  const both = new Float32Array(held.length + piece.length);
  both.set(held);
  both.set(piece, held.length);
  return both;
}
