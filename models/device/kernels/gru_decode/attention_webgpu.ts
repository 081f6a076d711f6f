/** Attention of a decoding on WebGPU: four dispatches a step, three where each input attends to itself alone. @module */
import type { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu, type Uniform } from "../../gpu.ts";
import { runLayerNorm } from "../layer_norm/webgpu.ts";
import {
  attentionWgsl,
  projectionWgsl,
  queryKeyValueWgsl,
  rowsPerGroup,
  unwrapWgsl,
} from "./attention_wgsl.ts";
import { ATTENTION_EPSILON, type AttentionCall, type DecodeSizes } from "./call.ts";
import { lookback } from "./ring.ts";

const ints = (...values: number[]): Uniform[] => values.map((value) => ["i32", value]);

/** What only a window of several inputs needs. */
interface Window {
  /** [slots, batch, 2 * hidden] */
  readonly ring: tf.TensorInfo;
  /** [batch, heads, slots] */
  readonly scores: tf.TensorInfo;
  /** [heads] */
  readonly slopes: tf.TensorInfo;
}

/** The attention of a call. */
export class WebgpuAttention {
  /** [batch, hidden]: the query, then what goes into the layer norm. */
  readonly #query: tf.TensorInfo;
  readonly #context: tf.TensorInfo;
  readonly #window?: Window;
  #step = 0;

  constructor(
    readonly gpu: Gpu,
    readonly call: AttentionCall,
    readonly sizes: Pick<DecodeSizes, "batch" | "hidden">,
  ) {
    const { batch, hidden } = sizes, { past, slopes, ring: { window, before, slots } } = call;
    [this.#query, this.#context] = [0, 1].map(() => gpu.output([batch, hidden]));
    if (window === 1) return;
    this.#window = {
      ring: gpu.output([slots, batch, 2 * hidden]),
      scores: gpu.output([batch, slopes.length, slots]),
      slopes: gpu.backend.makeTensorInfo([slopes.length], "float32", Float32Array.from(slopes)),
    };
    if (past) this.#copy(past, this.#window.ring, { rows: before, slots: before, first: 0 });
  }

  /** Replaces `x` [batch, hidden] by what the first layer reads. */
  attend(x: tf.TensorInfo): void {
    const { outWeight, outBias, gamma, beta } = this.call.weights, y = this.#query;
    this.#setContext(x);
    this.#project({ x: this.#context, weight: outWeight, bias: outBias, added: x, y });
    runLayerNorm(this.gpu, { x: y, gamma, beta }, ATTENTION_EPSILON, x);
  }

  #setContext(x: tf.TensorInfo): void {
    const { gpu, call, sizes: { batch, hidden } } = this, heads = call.slopes.length;
    const { inWeight: weight, inBias: bias } = call.weights, context = this.#context;
    if (!this.#window) { // the softmax of one score is 1: the value rows alone
      this.#project({ x, weight, bias, y: context }, 2 * hidden);
      return;
    }
    const { ring, scores, slopes } = this.#window, query = this.#query;
    const { slot, oldest, count } = lookback(call.ring, this.#step++);
    gpu.run(queryKeyValueWgsl, {
      outputs: [query, ring],
      inputs: [x, weight, bias],
      uniforms: ints(batch, hidden, slot),
      workgroups: [Math.ceil(3 * hidden / rowsPerGroup), batch],
    });
    gpu.run(attentionWgsl, {
      outputs: [context, scores],
      inputs: [query, ring, slopes],
      uniforms: ints(batch, hidden, heads, call.ring.slots, oldest, count),
      workgroups: [heads, batch],
    });
  }

  /** y = weight x + bias + added, by `hidden` rows of the weight from `first` on. */
  #project(
    { x, weight, bias, y, added }:
      & Readonly<Record<"x" | "weight" | "bias" | "y", tf.TensorInfo>>
      & { readonly added?: tf.TensorInfo },
    first = 0,
  ): void {
    const { batch, hidden } = this.sizes;
    this.gpu.run(projectionWgsl, {
      outputs: [y],
      inputs: [x, weight, bias, added ?? x],
      uniforms: ints(hidden, first, added ? 1 : 0),
      workgroups: [Math.ceil(hidden / rowsPerGroup), batch],
    });
  }

  /** Copies rows of `from`, a ring, one after the other to the front of `to`. */
  #copy(
    from: tf.TensorInfo,
    to: tf.TensorInfo,
    { rows, slots, first }: Readonly<Record<"rows" | "slots" | "first", number>>,
  ): void {
    const row = 2 * this.sizes.batch * this.sizes.hidden, size = rows * row;
    this.gpu.run(unwrapWgsl, {
      outputs: [to],
      inputs: [from],
      uniforms: [["u32", size], ["u32", row], ["u32", slots], ["u32", first]],
      workgroups: foldWorkgroups(Math.ceil(size / 64)),
    });
  }

  /** Gives the workspace back. @returns [kept, batch, 2 * hidden], the last inputs, oldest first; none where none is kept */
  end(): tf.TensorInfo[] {
    const { gpu, call: { ring: { kept, slots, first } }, sizes: { batch, hidden } } = this;
    gpu.free(this.#query);
    gpu.free(this.#context);
    if (!this.#window) return [];
    const past = gpu.output([kept, batch, 2 * hidden]);
    this.#copy(this.#window.ring, past, { rows: kept, slots, first });
    for (const tensor of Object.values(this.#window)) gpu.free(tensor);
    return [past];
  }
}
