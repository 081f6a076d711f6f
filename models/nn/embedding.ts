/** A table of vectors. @module */
import { type Tensor, tf } from "../../deps/tf.ts";
import type { Initializer } from "./init.ts";
import { Module, type Parameter } from "./module.ts";

/** Looks up rows of a table [entries, width]. */
export class Embedding extends Module {
  readonly weight: Parameter;

  /** Declares a table of `entries` rows of `width` numbers. */
  constructor(readonly entries: number, readonly width: number, init: Initializer) {
    super();
    this.weight = this.param("weight", [entries, width], init);
  }

  /** Maps int32 `indices` [...], each in 0..entries-1, to [..., width]. */
  forward(indices: Tensor): Tensor {
    return tf.tidy(() => {
      const rows = tf.gather(this.weight.value, tf.reshape(indices, [-1]));
      return tf.reshape(rows, [...indices.shape, this.width]);
    });
  }
}
