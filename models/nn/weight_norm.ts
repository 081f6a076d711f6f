/**
 * The parameters of a convolution, its filter as a direction and a length where asked: Salimans & Kingma 2016,
 * arXiv:1602.07868, eq. 2, under the keys of PyTorch's `weight_norm`.
 *
 * @module
 */
import { type Tensor1D, type Tensor3D, tf } from "../../deps/tf.ts";
import { RandomStream } from "../../datatools/random.ts";
import { weightNorm } from "../device/mod.ts";
import { type Initializer, ones, uniform } from "./init.ts";
import { Module, type Parameter } from "./module.ts";
import { sizeOf } from "./shape.ts";

/** How the parameters of a convolution are kept and start. */
export interface FilterOptions {
  /** Whether the filter is g v / |v|, with a length for each index of its first axis in files; default false. */
  readonly weightNorm?: boolean;
  /** Start of the filter, or of v; default as PyTorch's convolutions, uniform in +-1/sqrt(fanIn). */
  readonly init?: Initializer;
  /** Whether files keep the filter as that of a Conv2d with a kernel [k, 1]; default false. */
  readonly asConv2d?: boolean;
}

/** A filter [a, b, k] in files and [k, b, a] on the device, and a bias. */
export abstract class Filtered extends Module {
  readonly bias: Parameter;
  /** The filter, or its direction v. */
  readonly weight: Parameter;
  /** Its length g for each index of its first axis in files. */
  readonly gain: Parameter | null;

  /** Declares filter and bias; with weight norm g starts as |v|. */
  constructor(
    readonly filterShape: readonly [number, number, number],
    biasLength: number,
    { weightNorm = false, init, asConv2d = false }: FilterOptions,
  ) {
    super();
    const [first, second, kernel] = filterShape, tail = asConv2d ? [1] : [];
    const standard = uniform(1 / Math.sqrt(second * kernel));
    const permute = asConv2d ? [2, 1, 0, 3] : [2, 1, 0];
    const weight = (key: string) =>
      this.param(key, [...filterShape, ...tail], init ?? standard, { permute });
    if (weightNorm) {
      this.bias = this.param("bias", [biasLength], standard);
      this.gain = this.param("weight_g", [first, 1, 1, ...tail], ones);
      this.weight = weight("weight_v");
    } else {
      this.gain = null;
      this.weight = weight("weight");
      this.bias = this.param("bias", [biasLength], standard);
    }
  }

  /** The filter [k, b, a]. */
  protected filter(): Tensor3D {
    const [first, second, kernel] = this.filterShape;
    const held = tf.reshape<tf.Rank.R3>(this.weight.value, [kernel, second, first]);
    if (!this.gain) return held;
    return weightNorm(held, tf.reshape(this.gain.value, [first]) as Tensor1D);
  }

  /** The bias [outChannels]. */
  protected get shift(): Tensor1D {
    return this.bias.value as Tensor1D;
  }

  /** As any module, and then g = |v|, so that the start of v has its effect. */
  protected override draw(seed: number, prefix: string): void {
    super.draw(seed, prefix);
    if (!this.gain) return;
    const { shape, init } = this.weight;
    const v = init(shape, new RandomStream(seed, `${prefix}weight_v`));
    this.gain.assign(this.gain.hold(norms(v, this.filterShape[0])));
  }
}

/** The Euclidean norms of `rows` equal parts of `values`. */
function norms(values: Float32Array, rows: number): Float32Array {
  const length = values.length / rows;
  return Float32Array.from({ length: rows }, (_, row) => {
    const part = values.subarray(row * length, (row + 1) * length);
    return Math.sqrt(part.reduce((sum, value) => sum + value * value, 0));
  });
}

/**
 * Gives `plain` the values of `normed`: the same network, each filter worked out. It then computes the same with fewer
 * operations, but does not train alike.
 *
 * @param normed With weight norm
 * @param plain The same network without it; it owns its values
 */
export function removeWeightNorm(normed: Module, plain: Module): void {
  const found = normed.parameters();
  for (const [key, parameter] of plain.parameters()) {
    const same = found.get(key);
    tf.tidy(() => {
      if (same) return parameter.assign(tf.clone(same.value));
      const v = found.get(`${key}_v`)!.value, g = found.get(`${key}_g`)!.value;
      const channels = v.shape[2]!;
      const flat = tf.reshape<tf.Rank.R2>(v, [sizeOf(v.shape) / channels, channels]);
      const filter = weightNorm(flat, tf.reshape(g, [channels]) as Tensor1D);
      parameter.assign(tf.reshape(filter, v.shape));
    });
  }
}
