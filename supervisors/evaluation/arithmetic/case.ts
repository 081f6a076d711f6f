/** What a backend is checked with. @module */
import type { Tensor } from "../../../deps/tf.ts";
import type { Numbers } from "./plain_numbers.ts";

/** An operation on the device and in plain numbers, over normal numbers. */
export interface Case {
  /** What it computes. */
  readonly name: string;
  /** The shape of each input. */
  readonly shapes: readonly (readonly number[])[];
  /** The operation. */
  readonly compute: (...inputs: Tensor[]) => Tensor;
  /** The elements of the same result. */
  readonly plain: (...inputs: Float64Array[]) => Numbers;
  /** Whether its gradient in every input is checked too; default true. */
  readonly gradient?: false;
}
