/** Prints a digest of results on wasm with as many threads as the argument says; started by threads_test.ts. */
import { type Tensor, type Tensor4D, tf } from "../../../deps/tf.ts";
import { RandomStream } from "../../../datatools/random.ts";
import {
  adamUpdate,
  batchNorm,
  convolution,
  dropout,
  globalNorm,
  gruDecode,
  gruSequence,
  layerNorm,
  openBackend,
  pixelNorm,
  weightNorm,
} from "../../../models/device/mod.ts";

await openBackend("wasm", { threads: Number(Deno.args[0]) });

const stream = new RandomStream(1, "digest");
let drawn = 0;

function normal<T extends Tensor>(...shape: number[]): T {
  return tf.tensor(stream.normal(drawn++, tf.util.sizeFromShape(shape)), shape) as T;
}

const step = (...inputs: Tensor[]) =>
  gruSequence(...inputs as unknown as Parameters<typeof gruSequence>);

function recurrence(time: number, batch: number, hidden: number): Tensor[] {
  const weight = tf.mul(normal(3 * hidden, hidden), 0.1);
  const inputs = [
    normal(time, batch, 3 * hidden),
    normal(batch, hidden),
    weight,
    normal(3 * hidden),
  ];
  return [step(...inputs), ...tf.grads(step)(inputs, normal(time, batch, hidden))];
}

function products(): Tensor[] {
  const large = [[700, 300, 333], [64, 512, 1000], [33, 700, 2100], [1, 1000, 1111], [
    3,
    900,
    1001,
  ]];
  return large.flatMap(([m, k, n]) => [
    tf.matMul(normal(m, k), normal(k, n)),
    tf.matMul(normal(m, k), normal(n, k), false, true),
    tf.matMul(normal(k, m), normal(k, n), true, false),
  ]);
}

function others(): Tensor[] {
  const x = normal(3001, 99), order = stream.permutation(0, 3001);
  const indices = tf.tensor1d(Int32Array.from(order), "int32"),
    order1 = tf.cast(indices, "float32");
  const decays = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 };
  const tensors = { param: x, gradient: x, m: x, v: tf.square(x) };
  const small = { param: order1, gradient: order1, m: order1, v: order1 };
  const next = adamUpdate(
    [tensors, small],
    { learningRate: 0.1, ...decays, step: 2 },
    globalNorm([x, order1]),
  );
  return [
    ...tf.grads((x) => tf.gather(x, indices))([x], normal(3001, 99)),
    tf.sum(x, 0),
    tf.transpose(x),
    dropout(x, 0.3, { key: [1, 2], step: 3 }),
    ...next.flatMap(({ param, m, v }) => [param, m, v]),
    tf.matMul(normal(7, 80, 90), normal(90, 100)),
  ];
}

function convolutions(): Tensor[] {
  const cases = [
    { x: [2, 30, 31, 33], filter: [3, 3, 33, 35], options: { padding: 1 } },
    { x: [1, 1, 3001, 16], filter: [1, 9, 16, 20], options: { strides: [1, 2] as const } },
    {
      x: [2, 1, 900, 64],
      filter: [1, 41, 4, 64],
      options: { groups: 16, strides: 4, padding: 20 },
    },
    { x: [1, 1, 5001, 32], filter: [1, 7, 32, 1], options: {} },
    { x: [2, 1, 4001, 1], filter: [1, 15, 1, 16], options: {} },
    { x: [3, 4, 4, 200], filter: [4, 4, 200, 150], options: { strides: 2, padding: 1 } },
  ];
  return cases.flatMap(({ x, filter, options }) => {
    const run = (x: Tensor, filter: Tensor) =>
      convolution(x as Tensor4D, filter as Tensor4D, options);
    const inputs = [normal(...x), normal(...filter)], y = run(inputs[0], inputs[1]);
    return [y, ...tf.grads(run)(inputs, normal(...y.shape))];
  });
}

function attention(hidden: number, window: number) {
  return {
    inWeight: tf.mul<tf.Tensor2D>(normal(3 * hidden, hidden), 0.1),
    inBias: normal<tf.Tensor1D>(3 * hidden),
    outWeight: tf.mul<tf.Tensor2D>(normal(hidden, hidden), 0.1),
    outBias: normal<tf.Tensor1D>(hidden),
    gamma: normal<tf.Tensor1D>(hidden),
    beta: normal<tf.Tensor1D>(hidden),
    slopes: [0.5, 0.25, 0.125, 0.1, 0.05, 0.02, 0],
    window,
  };
}

function decoding(batch: number, window?: number): Tensor[] {
  const hidden = 203,
    nEvents = 97,
    layers = [0, 1].map(() => ({
      weightIh: tf.mul<tf.Tensor2D>(normal(3 * hidden, hidden), 0.1),
      weightHh: tf.mul<tf.Tensor2D>(normal(3 * hidden, hidden), 0.1),
      biasIh: normal<tf.Tensor1D>(3 * hidden),
      biasHh: normal<tf.Tensor1D>(3 * hidden),
    }));
  const network = {
    eventTable: normal<tf.Tensor2D>(nEvents, hidden),
    controlTable: normal<tf.Tensor2D>(2, hidden),
    rowTicks: tf.tensor1d([0, 3], "int32"),
    eventTicks: tf.ones<tf.Rank.R1>([nEvents], "int32"),
    slope: 0.1,
    attention: window ? attention(hidden, window) : undefined,
    layers,
    outputWeight: normal<tf.Tensor2D>(nEvents, 2 * hidden),
    outputBias: normal<tf.Tensor1D>(nEvents),
  };
  const start = tf.zeros<tf.Rank.R1>([batch], "int32");
  const past = window && window > 1 ? normal<tf.Tensor3D>(window - 1, batch, 2 * hidden) : null;
  const state = { event: start, hidden: normal<tf.Tensor3D>(2, batch, hidden), clock: start, past };
  const draws = { temperature: 1, topK: 30, topP: 0.9, greedyRatio: 0.1 };
  const results = gruDecode(network, state, { ...draws, steps: 7, key: [1, 2], firstStep: 0 });
  return Object.values(results).filter((result) => result !== null);
}

/** The results of an operation and its gradients. */
function withGradients(op: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Tensor[] {
  const y = op(...inputs);
  return [y, ...tf.grads(op)(inputs, normal(...y.shape))];
}

function normalisations(): Tensor[] {
  type Norm = (x: Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D) => Tensor;
  return [[3001, 99], [9, 33, 700], [70_000, 1]].flatMap((shape) => {
    const x = normal(...shape), channels = shape[shape.length - 1];
    const inputs = [x, normal(channels), normal(channels)];
    const norms: Norm[] = [(...inputs) => batchNorm(...inputs).y, layerNorm];
    const { mean, variance } = batchNorm(...inputs as Parameters<typeof batchNorm>);
    const weight = (v: Tensor, g: Tensor) => weightNorm(v, g as tf.Tensor1D);
    const first = (v: Tensor, g: Tensor) => weightNorm(v, g as tf.Tensor1D, 0);
    return [
      mean,
      variance,
      ...norms.flatMap((norm) =>
        withGradients((x, g, b) => norm(x, g as tf.Tensor1D, b as tf.Tensor1D), ...inputs)
      ),
      ...withGradients((x) => pixelNorm(x), x),
      ...withGradients(weight, x, inputs[1]),
      ...withGradients(first, x, normal(shape[0])),
    ];
  });
}

/** Functions of elements, and ops that move or pool them. */
function elements(): Tensor[] {
  const image = (x: Tensor) => tf.reshape<tf.Rank.R4>(x, [3, 30, 55, 20]);
  const x = normal(3, 30, 55, 20);
  const pad = (x: Tensor) => tf.mirrorPad(x, [[0, 0], [5, 4], [3, 2], [0, 0]], "reflect");
  return [
    ...withGradients((x) => tf.tanh(tf.exp(tf.leakyRelu(x))), x),
    ...withGradients((x) => tf.softplus(tf.maximum(x, tf.log(tf.square(x)))), x),
    ...withGradients(pad, x),
    ...withGradients((x) => tf.stridedSlice(tf.reverse(x, 2), [0, 1], [3, 29], [2, 3]), x),
    ...withGradients((x) => tf.avgPool(image(x), [3, 4], [2, 1], "same"), x),
    ...withGradients((x) => tf.image.resizeNearestNeighbor(image(x), [60, 165]), x),
  ];
}

const groups = {
  products,
  convolutions,
  recurrence: () => [...recurrence(6, 33, 130), ...recurrence(3, 2, 400), ...recurrence(1, 9, 400)],
  decoding: () => [...decoding(1), ...decoding(5)],
  attention: () => [...decoding(1, 1), ...decoding(1, 90), ...decoding(5, 37)],
  others,
  normalisations,
  elements,
};

const digests: Record<string, string> = {};
for (const [name, make] of Object.entries(groups)) {
  const values = await Promise.all(make().map((tensor) => tensor.data()));
  const bytes = await new Blob(values.map((part) => new Uint8Array(part.slice().buffer)))
    .arrayBuffer();
  digests[name] = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
console.log(JSON.stringify(digests));
