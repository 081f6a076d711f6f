/** Affine map of the last axis. @module */
import { type Tensor, type Tensor2D, tf } from "../../deps/tf.ts";
import { type Initializer, uniform } from "./init.ts";
import { Module, type Parameter } from "./module.ts";

/** `y = x W^T + b`, with W [outputs, inputs] and b [outputs] as in PyTorch. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  /** Starts as PyTorch's Linear, uniform in +-1/sqrt(inputs), unless other initializers are given. */
  constructor(
    readonly inputs: number,
    readonly outputs: number,
    init: { readonly weight?: Initializer; readonly bias?: Initializer } = {},
  ) {
    super();
    const standard = uniform(1 / Math.sqrt(inputs));
    this.weight = this.param("weight", [outputs, inputs], init.weight ?? standard);
    this.bias = this.param("bias", [outputs], init.bias ?? standard);
  }

  /** Maps `x` [..., inputs] to [..., outputs]. */
  forward<T extends Tensor>(x: T): T {
    return affine(x, this.weight.value, this.bias.value);
  }
}

/** `x W^T + b` for `x` [..., inputs], `weight` [outputs, inputs] and `bias` [outputs]. */
export function affine<T extends Tensor>(x: T, weight: Tensor, bias: Tensor): T {
  return tf.tidy(() => {
    const [outputs, inputs] = weight.shape as [number, number];
    const rows = tf.reshape(x, [-1, inputs]);
    const y = tf.add(tf.matMul(rows, weight as Tensor2D, false, true), bias);
    return tf.reshape(y, [...x.shape.slice(0, -1), outputs]) as T;
  });
}
