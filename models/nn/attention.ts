/**
 * Attention of a sequence to its own past: Vaswani et al. 2017, arXiv:1706.03762, section 3.2, over a window, with the
 * parameters of PyTorch's `MultiheadAttention` and the linear biases of Press et al. 2022, arXiv:2108.12409.
 *
 * @module
 */
import { type Tensor, type Tensor3D, type Tensor4D, tf } from "../../deps/tf.ts";
import { xavierUniform, zeros } from "./init.ts";
import { affine, Linear } from "./linear.ts";
import { Module, type Parameter } from "./module.ts";
import { checkShape } from "./shape.ts";
import { tidy } from "./tidy.ts";

/** Sizes of a {@linkcode CausalAttention}. */
export interface AttentionSizes {
  /** Numbers of an input; a multiple of `heads`. */
  readonly width: number;
  readonly heads: number;
  /** Inputs attended to, the current one included. */
  readonly window: number;
  /** [heads]: what a score loses for each step that a key lies back. */
  readonly slopes: readonly number[];
}

/** Low enough that its softmax is 0, finite so that no product with it is NaN. */
const EXCLUDED = -1e30;

/** The slopes 2^(-8/heads), 2^(-16/heads), ... of the linear biases; section 3 of their paper. */
export function linearBiasSlopes(heads: number): number[] {
  return Array.from({ length: heads }, (_, head) => 2 ** (-8 * (head + 1) / heads));
}

/** Each input attends to the last `window` inputs, itself included. */
export class CausalAttention extends Module {
  readonly inWeight: Parameter;
  readonly inBias: Parameter;
  readonly output: Linear;

  /** Starts as PyTorch's MultiheadAttention. */
  constructor(readonly sizes: AttentionSizes) {
    super();
    const { width } = sizes;
    this.inWeight = this.param("in_proj_weight", [3 * width, width], xavierUniform);
    this.inBias = this.param("in_proj_bias", [3 * width], zeros);
    this.output = this.child("out_proj", new Linear(width, width, { bias: zeros }));
  }

  /**
   * Attends; in parts, each with the `past` of the one before, as at once.
   *
   * @param x [time, batch, width]
   * @param past [n, batch, 2 * width], n < window: keys, then values, of the inputs before; null for none
   * @returns `x` [time, batch, width], and the `past` of what follows
   * @throws {TypeError} If a shape differs
   */
  forward(x: Tensor3D, past: Tensor3D | null): { x: Tensor3D; past: Tensor3D | null } {
    const { width, window } = this.sizes;
    checkShape("CausalAttention.forward(x)", x, ["time", "batch", width]);
    if (past) {
      checkShape("CausalAttention.forward(past)", past, ["n", x.shape[1], 2 * width]);
    }
    return tidy(() => {
      const projected = affine(x, this.inWeight.value, this.inBias.value);
      const [query, keyValue] = tf.split(projected, [width, 2 * width], 2) as Tensor3D[];
      if (window === 1) { // the softmax of one score is 1
        const [, value] = tf.split(keyValue!, 2, 2) as Tensor3D[];
        return { x: this.output.forward(value!), past: null };
      }
      const all = past ? tf.concat([past, keyValue!], 0) : keyValue!;
      const [key, value] = tf.split(all, 2, 2) as Tensor3D[];
      const context = this.#attend(query!, key!, value!);
      const kept = Math.min(window - 1, all.shape[0]);
      return {
        x: this.output.forward(context),
        past: tf.slice(all, [all.shape[0] - kept, 0, 0], [kept, -1, -1]),
      };
    });
  }

  /** Equation 1 for every head: `query` [time, batch, width], `key` and `value` [length, batch, width]. */
  #attend(query: Tensor3D, key: Tensor3D, value: Tensor3D): Tensor3D {
    const { heads, width } = this.sizes;
    const scale = 1 / Math.sqrt(width / heads);
    const scores = tf.matMul(this.#split(tf.mul(query, scale)), this.#split(key), false, true);
    const weights = tf.softmax(tf.add(scores, this.#bias(query.shape[0], key.shape[0])));
    const context = tf.matMul(weights, this.#split(value)); // [batch, heads, time, width / heads]
    return tf.reshape(tf.transpose(context, [2, 0, 1, 3]), query.shape);
  }

  /** [time, batch, width] to [batch, heads, time, width / heads]. */
  #split(x: Tensor): Tensor4D {
    const [time, batch, width] = x.shape as [number, number, number], { heads } = this.sizes;
    return tf.transpose(tf.reshape(x, [time, batch, heads, width / heads]), [1, 2, 0, 3]);
  }

  /** What is added to the scores [heads, time, length] of the last `time` inputs. */
  #bias(time: number, length: number): Tensor3D {
    const { heads, window, slopes } = this.sizes;
    const bias = new Float32Array(heads * time * length).fill(EXCLUDED);
    for (let head = 0; head < heads; head++) {
      for (let t = 0; t < time; t++) {
        const own = length - time + t, row = (head * time + t) * length;
        for (let at = Math.max(0, own - window + 1); at <= own; at++) {
          bias[row + at] = -slopes[head]! * (own - at);
        }
      }
    }
    return tf.tensor3d(bias, [heads, time, length]);
  }
}
