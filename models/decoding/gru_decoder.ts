/** A composition by a recurrent network, some events at a time on the device. @module */
import { tf } from "../../deps/tf.ts";
import {
  gruDecode,
  gruDecodeChunk,
  type GruDecodeNetwork,
  type GruDecodeState,
} from "../device/mod.ts";
import type { DecodingStart, EventDecoder } from "./event_model.ts";
import { NO_CLASS } from "./sampling.ts";

/** Draws events from a GRU network, and holds its states between the calls. */
export class GruDecoder implements EventDecoder {
  readonly chunk: number = gruDecodeChunk();
  readonly #network: GruDecodeNetwork;
  readonly #start: Pick<DecodingStart, "sampling" | "random">;
  #state: GruDecodeState;
  #step = 0;

  /** Starts from copies; the decoder disposes of the tables of `network`, not of its weights. */
  constructor(network: GruDecodeNetwork, start: Omit<DecodingStart, "controls">) {
    const { state: { hidden, past }, last } = start;
    this.#network = network;
    this.#start = start;
    this.#state = {
      event: tf.tensor1d(last, "int32"),
      hidden: tf.clone(hidden),
      past: past && tf.clone(past),
      clock: tf.zeros([last.length], "int32"),
    };
  }

  /** Draws the next events of each piece, [steps, batch]. @throws {RangeError} If a logit is NaN */
  async next(steps: number): Promise<Int32Array> {
    const { sampling, random } = this.#start, { event } = this.#state;
    const settings = { ...sampling, key: random.key, steps, firstStep: this.#step };
    const drawn = gruDecode(this.#network, this.#state, settings);
    const [batch] = event.shape;
    const last = tf.tidy(() => tf.reshape(tf.slice(drawn.events, [steps - 1, 0]), [batch]));
    tf.dispose(Object.values(this.#state));
    const { hidden, clock, past } = drawn;
    this.#state = { event: last as typeof event, hidden, clock, past };
    this.#step += steps;
    const events = await drawn.events.data<"int32">();
    drawn.events.dispose();
    if (events.includes(NO_CLASS)) {
      throw new RangeError(
        "Cannot sample: a logit is NaN; the checkpoint is from a run that diverged",
      );
    }
    return events;
  }

  /** Frees the states and the tables. */
  [Symbol.dispose](): void {
    const { eventTable, controlTable, rowTicks, eventTicks } = this.#network;
    tf.dispose([eventTable, controlTable, rowTicks, eventTicks, ...Object.values(this.#state)]);
  }
}
