/** Decoding on the device, among the cases that a backend is checked with. @module */
import { type Tensor1D, type Tensor2D, type Tensor3D, tf } from "../../../deps/tf.ts";
import { gruDecode } from "../../../models/device/mod.ts";
import type { Case } from "./case.ts";
import { gruStates, type Numbers, product } from "./plain_numbers.ts";

const batch = 3, hidden = 8, events = 7, steps = 4, slope = 0.1;
const greedy = { temperature: 1, topK: 0, topP: 1, greedyRatio: 1 };

function plainDecode(
  [eventTable, control, weightIh, weightHh, biasIh, biasHh, output, outputBias, start]:
    readonly Float64Array[],
): Numbers {
  const drawn: number[] = [];
  let last = new Array<number>(batch).fill(0), state: Float64Array = start;
  for (let step = 0; step < steps; step++) {
    const x = last.flatMap((event) =>
      Array.from(control, (row, unit) => {
        const sum = eventTable[event * hidden + unit] + row;
        return sum < 0 ? slope * sum : sum;
      })
    );
    const gates = 3 * hidden;
    const xProj = product(x, weightIh, { m: batch, k: hidden, n: gates }, [false, true])
      .map((value, i) => value + biasIh[i % gates]);
    state = gruStates([xProj, state, weightHh, biasHh], { time: 1, batch, hidden });
    const logits = product(state, output, { m: batch, k: hidden, n: events }, [false, true])
      .map((value, i) => value + outputBias[i % events]);
    last = last.map((_, item) => {
      const row = [...logits.subarray(item * events, (item + 1) * events)];
      return row.indexOf(Math.max(...row));
    });
    drawn.push(...last);
  }
  return [...drawn, ...state];
}

/** The likeliest events of a network of one layer, [steps, batch], then its states. */
export const decodingCase: Case = {
  name: "GRU decoding",
  shapes: [
    [events, hidden],
    [1, hidden],
    [3 * hidden, hidden],
    [3 * hidden, hidden],
    [3 * hidden],
    [3 * hidden],
    [events, hidden],
    [events],
    [1, batch, hidden],
  ],
  compute: (...inputs) => {
    const [eventTable, controlTable, weightIh, weightHh] = inputs as Tensor2D[];
    const [, , , , biasIh, biasHh, , outputBias] = inputs as Tensor1D[];
    const outputWeight = inputs[6] as Tensor2D, state = inputs[8] as Tensor3D;
    const none = (length: number) => tf.zeros<tf.Rank.R1>([length], "int32");
    const tables = { eventTable, controlTable, rowTicks: none(1), eventTicks: none(events), slope };
    const layers = [{ weightIh, weightHh, biasIh, biasHh }];
    const decoded = gruDecode(
      { ...tables, layers, outputWeight, outputBias },
      { event: none(batch), hidden: state, clock: none(batch) },
      { ...greedy, steps, key: [1, 2], firstStep: 0 },
    );
    const parts = [tf.cast(decoded.events, "float32"), decoded.hidden];
    return tf.concat1d(parts.map((part) => tf.reshape<tf.Rank.R1>(part, [part.size])));
  },
  plain: (...inputs) => plainDecode(inputs),
  gradient: false,
};
