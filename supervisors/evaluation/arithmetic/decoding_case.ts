/** Decoding on the device, among the cases that a backend is checked with. @module */
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "../../../deps/tf.ts";
import { gruDecode, type GruDecodeAttention } from "../../../models/device/mod.ts";
import type { Case } from "./case.ts";
import { gruStates, type Numbers, product, standardize } from "./plain_numbers.ts";

const batch = 3, hidden = 8, events = 7, steps = 4, slope = 0.1;
const greedy = { temperature: 1, topK: 0, topP: 1, greedyRatio: 1 };
const window = 3, slopes = [0.5, 0.1];

/** From what the network reads [batch, hidden] to what its layer reads. */
type Attend = (x: Numbers) => Numbers;

/** x weight^T + bias for the rows of x [batch, hidden]. */
function affine(x: Numbers, weight: Numbers, bias: Float64Array): Float64Array {
  const n = bias.length;
  return product(x, weight, { m: batch, k: hidden, n }, [false, true])
    .map((value, i) => value + bias[i % n]);
}

/** Attention that remembers what it has read: of each input the query, key and value [batch, 3 * hidden]. */
function plainAttention(
  [inWeight, inBias, outWeight, outBias, gamma, beta]: readonly Float64Array[],
): Attend {
  const read: Float64Array[] = [], width = hidden / slopes.length;
  return (x) => {
    read.push(affine(x, inWeight, inBias));
    const seen = read.slice(-window), own = seen.length - 1;
    const context = Float64Array.from({ length: batch * hidden }, (_, at) => {
      const item = Math.floor(at / hidden), unit = at % hidden, head = Math.floor(unit / width);
      const first = 3 * hidden * item, query = first + head * width;
      const weights = seen.map((row, i) => {
        let score = 0;
        for (let j = query; j < query + width; j++) score += seen[own][j] * row[hidden + j];
        return Math.exp(score / Math.sqrt(width) - slopes[head] * (own - i));
      });
      const sum = weights.reduce((a, b) => a + b);
      const values = weights.map((weight, i) => weight * seen[i][first + 2 * hidden + unit]);
      return values.reduce((a, b) => a + b) / sum;
    });
    const sums = affine(context, outWeight, outBias).map((value, at) => value + x[at]);
    return standardize([sums, gamma, beta], "rows", 1e-5);
  };
}

function plainDecode(
  [eventTable, control, weightIh, weightHh, biasIh, biasHh, output, outputBias, start]:
    readonly Float64Array[],
  attend: Attend = (x) => x,
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
    const xProj = affine(attend(x), weightIh, biasIh);
    state = gruStates([xProj, state, weightHh, biasHh], { time: 1, batch, hidden });
    const logits = affine(state, output, outputBias);
    last = last.map((_, item) => {
      const row = [...logits.subarray(item * events, (item + 1) * events)];
      return row.indexOf(Math.max(...row));
    });
    drawn.push(...last);
  }
  return [...drawn, ...state];
}

const shapes = [
  [events, hidden],
  [1, hidden],
  [3 * hidden, hidden],
  [3 * hidden, hidden],
  [3 * hidden],
  [3 * hidden],
  [events, hidden],
  [events],
  [1, batch, hidden],
];
const attentionShapes = [
  [3 * hidden, hidden],
  [3 * hidden],
  [hidden, hidden],
  [hidden],
  [hidden],
  [hidden],
];

/** The likeliest events, then the states. */
function decode(inputs: readonly Tensor[], attention?: GruDecodeAttention): Tensor1D {
  const [eventTable, controlTable, weightIh, weightHh] = inputs as Tensor2D[];
  const [, , , , biasIh, biasHh, , outputBias] = inputs as Tensor1D[];
  const outputWeight = inputs[6] as Tensor2D, state = inputs[8] as Tensor3D;
  const none = (length: number) => tf.zeros<tf.Rank.R1>([length], "int32");
  const tables = { eventTable, controlTable, rowTicks: none(1), eventTicks: none(events), slope };
  const layers = [{ weightIh, weightHh, biasIh, biasHh }];
  const decoded = gruDecode(
    { ...tables, attention, layers, outputWeight, outputBias },
    { event: none(batch), hidden: state, clock: none(batch), past: null },
    { ...greedy, steps, key: [1, 2], firstStep: 0 },
  );
  const parts = [tf.cast(decoded.events, "float32"), decoded.hidden];
  return tf.concat1d(parts.map((part) => tf.reshape<tf.Rank.R1>(part, [part.size])));
}

/** The likeliest events of a network of one layer, [steps, batch], then its states; with attention and without. */
export const decodingCases: readonly Case[] = [
  {
    name: "GRU decoding",
    shapes,
    compute: (...inputs) => decode(inputs),
    plain: (...inputs) => plainDecode(inputs),
    gradient: false,
  },
  {
    name: "GRU decoding with attention",
    shapes: [...shapes, ...attentionShapes],
    compute: (...inputs) => {
      const [inWeight, , outWeight] = inputs.slice(shapes.length) as Tensor2D[];
      const [, inBias, , outBias, gamma, beta] = inputs.slice(shapes.length) as Tensor1D[];
      const weights = { inWeight, inBias, outWeight, outBias, gamma, beta };
      return decode(inputs, { ...weights, slopes, window });
    },
    plain: (...inputs) => plainDecode(inputs, plainAttention(inputs.slice(shapes.length))),
    gradient: false,
  },
];
