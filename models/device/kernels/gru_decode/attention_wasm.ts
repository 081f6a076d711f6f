/** Attention of a decoding on wasm: four jobs a step, three where each input attends to itself alone. @module */
import type { tf } from "../../../../deps/tf.ts";
import { floatBits, operations, type WasmHeap } from "../../heap.ts";
import {
  ATTENTION_EPSILON,
  type AttentionCall,
  attentionTensors,
  type DecodeSizes,
} from "./call.ts";
import { project } from "./projection_wasm.ts";
import { lookback } from "./ring.ts";

type Sizes = Pick<DecodeSizes, "batch" | "hidden">;

/** Floats of workspace that a call with attention takes: context, query, key and value, ring, slopes. */
export function attentionFloats({ batch, hidden }: Sizes, { ring, slopes }: AttentionCall): number {
  return batch * hidden * (4 + 2 * ring.slots) + slopes.length;
}

/** The attention of a call, its workspace at `address`; nothing may be allocated while it is used. */
export class WasmAttention {
  readonly #weights: Readonly<Record<typeof attentionTensors[number], number>>;
  readonly #context: number;
  readonly #projected: number;
  readonly #ring: number;
  readonly #slopes: number;
  #step = 0;

  constructor(
    readonly heap: WasmHeap,
    readonly call: AttentionCall,
    readonly sizes: Sizes,
    address: number,
  ) {
    const { batch, hidden } = sizes, bytes = 4 * batch * hidden;
    const entries = attentionTensors.map((name) => [name, heap.address(call.weights[name])]);
    this.#weights = Object.fromEntries(entries);
    this.#context = address;
    this.#projected = address + bytes;
    this.#ring = this.#projected + 3 * bytes;
    this.#slopes = this.#ring + 2 * bytes * call.ring.slots;
    heap.float32(this.#slopes, call.slopes.length).set(call.slopes);
    if (call.past) this.#copy(call.past, { inputs: call.ring.before, first: 0, back: 0 });
  }

  /** Replaces `x` [batch, hidden] by what the first layer reads. */
  attend(x: number): void {
    const { heap, sizes: { batch, hidden } } = this;
    const { outWeight, outBias, gamma, beta } = this.#weights, y = this.#projected;
    this.#setContext(x);
    const out = { x: this.#context, weight: outWeight, bias: outBias, y };
    project(heap, out, { batch, rows: hidden, width: hidden });
    const args = [x, y, gamma, beta, hidden, floatBits(ATTENTION_EPSILON)];
    heap.run(operations.residualNorm, batch, args);
  }

  #setContext(x: number): void {
    const { heap, call: { ring, slopes }, sizes: { batch, hidden } } = this;
    const { inWeight: weight, inBias: bias } = this.#weights, y = this.#projected;
    if (ring.window === 1) { // the softmax of one score is 1: the value rows alone
      const values = { x, weight: weight + 8 * hidden * hidden, bias: bias + 8 * hidden };
      project(heap, { ...values, y: this.#context }, { batch, rows: hidden, width: hidden });
      return;
    }
    project(heap, { x, weight, bias, y }, { batch, rows: 3 * hidden, width: hidden });
    const { slot, oldest, count } = lookback(ring, this.#step++), heads = slopes.length;
    const places = [y, this.#ring, this.#context, this.#slopes];
    const args = [...places, hidden, heads, ring.slots, slot, oldest, count];
    heap.run(operations.attention, batch * heads, args);
  }

  /** Writes the last inputs to `target` [kept, batch, 2 * hidden], the oldest first. */
  end(target: tf.TensorInfo): void {
    const { kept, first } = this.call.ring;
    this.#copy(target, { inputs: kept, first, back: 1 });
  }

  /** From a tensor [inputs, batch, 2 * hidden] into the ring, or `back`. */
  #copy(
    tensor: tf.TensorInfo,
    { inputs, first, back }: Readonly<Record<"inputs" | "first" | "back", number>>,
  ): void {
    const { heap, call: { ring: { slots }, slopes }, sizes: { batch, hidden } } = this;
    const heads = slopes.length, places = [heap.address(tensor), this.#ring];
    const args = [...places, batch, hidden, heads, slots, inputs, first, back];
    heap.run(operations.ringCopy, batch * heads, args);
  }
}
