/** Decoding on the device: what is drawn and the states, against the reference that follows the same events. */
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor1D, type Tensor2D, tf } from "../../../../deps/tf.ts";
import {
  gruDecode,
  type GruDecodeNetwork,
  type GruDecodeSettings,
  type GruDecodeState,
} from "../../../../models/device/mod.ts";
import { assertClose, backend, read, runs, testOn } from "../support.ts";
import { follow, seed, settings, sizes } from "./gru_decode_follow.ts";
import {
  greedy,
  ints,
  networkOf,
  plain,
  readInts,
  stateOf,
  tensorsOf,
} from "./gru_decode_support.ts";

Deno.test("gruDecode: events, states and clocks equal the reference's", async () => {
  let differing = 0;
  await fc.assert(
    fc.asyncProperty(sizes, settings, seed, async (sizes, settings, seed) => {
      const call = { sizes, network: networkOf(sizes, seed), state: stateOf(sizes, seed + 99) };
      const results = gruDecode(call.network, call.state, settings), { events } = results;
      deepEqual(events.shape, [settings.steps, sizes.batch]);
      const expected = await follow(call, settings, await events.data<"int32">());
      assertClose(await read(results.hidden), expected.hidden, 1e-5, "hidden");
      deepEqual(await readInts(results.clock), expected.clock);
      differing += expected.differing;
      tf.dispose([tensorsOf(call.network), tensorsOf(call.state), Object.values(results)]);
    }),
    { numRuns: runs(200) },
  );
  // Some 5000 draws, each within 1e-6 of a boundary with a probability of about 1e-5; the reference is the cpu's kernel
  ok(differing <= (backend.name === "cpu" ? 0 : 3), `${differing} draws differ`);
});

Deno.test("gruDecode: calls of one step and a call of 64 give the same bits", async () => {
  const sizes = { nLayers: 3, hidden: 19, batch: 3, nEvents: 31, rows: 5 };
  const network = networkOf(sizes, 3), start = stateOf(sizes, 4), key = [1, 2] as const;
  const sampling = { temperature: 1.1, topK: 12, topP: 0.9, greedyRatio: 0.2 };
  const whole = gruDecode(network, start, { ...sampling, steps: 64, key, firstStep: 5 });
  const events: number[] = [];
  let state = start;
  for (let i = 0; i < 64; i++) {
    const next = gruDecode(network, state, { ...sampling, steps: 1, key, firstStep: 5 + i });
    events.push(...await readInts(next.events));
    state = { ...next, event: tf.reshape(next.events, [3]) };
  }
  deepEqual(events, await readInts(whole.events));
  deepEqual(await read(state.hidden), await read(whole.hidden));
  deepEqual(await readInts(state.clock), await readInts(whole.clock));
});

Deno.test("gruDecode: a state that is NaN spoils its own item alone", async () => {
  const sizes = { nLayers: 2, hidden: 9, batch: 4, nEvents: 12, rows: 2 };
  const network = networkOf(sizes, 6),
    state = stateOf(sizes, 7),
    settings = {
      ...plain,
      steps: 3,
      key: [5, 5] as const,
      firstStep: 0,
    };
  const hidden = (await read(state.hidden)).slice();
  hidden[2 * 9 + 4] = NaN;
  const spoiled = { ...state, hidden: tf.tensor3d(hidden, [2, 4, 9]) };
  const whole = await readInts(gruDecode(network, state, settings).events);
  const found = await readInts(gruDecode(network, spoiled, settings).events);
  deepEqual(found, whole.map((event, i) => i % 4 === 2 ? -1 : event));
});

/** A network whose likeliest event is the number of the row of controls that holds. */
function rowNetwork(rowTicks: number[], eventTicks: number[]): GruDecodeNetwork {
  const n = rowTicks.length, identity = tf.eye(n), zeros = tf.zeros<tf.Rank.R2>([n, n]);
  const keepsNothing = tf.concat([tf.zeros([n]), tf.fill([n], -20), tf.zeros([n])]) as Tensor1D;
  return {
    eventTable: zeros,
    controlTable: identity,
    rowTicks: ints(rowTicks),
    eventTicks: ints(eventTicks),
    slope: 0.1,
    layers: [{
      weightIh: tf.concat([zeros, zeros, identity]) as Tensor2D, // h = tanh(x)
      weightHh: tf.zeros([3 * n, n]),
      biasIh: keepsNothing,
      biasHh: tf.zeros([3 * n]),
    }],
    outputWeight: identity,
    outputBias: tf.zeros([n]),
  };
}

Deno.test("gruDecode: each item's clock chooses its row of controls, and stops at its end", async () => {
  const network = rowNetwork([0, 4, 7, 7, 30], [2, 3, 0, 9, 2_000_000_000]);
  const state = {
    event: ints([0, -7, 99]), // what is no event counts as the nearest
    hidden: tf.zeros<tf.Rank.R3>([1, 3, 5]),
    clock: ints([0, 29, -3]),
    past: null,
  };
  const settings = { ...greedy, steps: 7, key: [0, 0] as const, firstStep: 0 };
  const { events, clock } = gruDecode(network, state, settings);
  const columns = tf.transpose(events);
  deepEqual(await readInts(columns), [
    ...[0, 0, 1, 3, 3, 3, 4], // at 0, 2, 4, 7, 16, 25, 34
    ...[3, 4, 4, 4, 4, 4, 4], // at 29, 38, 2000000038, then at the end
    ...[0, 0, 0, 0, 1, 3, 3], // at -3, -1, 1, 3, 5, 8, 17
  ]);
  deepEqual(await readInts(clock), [2_000_000_034, 2 ** 31 - 1, 26]);
});

Deno.test("gruDecode: no tensor stays behind, and what it was given is as before", async () => {
  const sizes = { nLayers: 2, hidden: 7, batch: 2, nEvents: 9, rows: 2 };
  const network = networkOf(sizes, 1), state = stateOf(sizes, 2);
  const given = [...tensorsOf(network), ...tensorsOf(state)];
  const before = await Promise.all(given.map(async (tensor) => (await tensor.data()).slice()));
  const { numTensors, numDataBuffers } = tf.memory();
  for (const steps of [1, 2, 5]) {
    const settings = { ...plain, steps, key: [1, 2] as const, firstStep: 0 };
    const results = tensorsOf(gruDecode(network, state, settings));
    deepEqual(tf.memory().numTensors, numTensors + 3);
    for (const tensor of results) await tensor.data();
    tf.dispose(results);
    deepEqual(tf.memory().numTensors, numTensors);
    deepEqual(tf.memory().numDataBuffers, numDataBuffers);
  }
  const after = await Promise.all(given.map((tensor) => tensor.data()));
  deepEqual(after, before);
});

Deno.test("gruDecode: tensors that do not fit and settings out of range are refused", () => {
  const sizes = { nLayers: 2, hidden: 4, batch: 3, nEvents: 5, rows: 2 };
  const network = networkOf(sizes, 1), state = stateOf(sizes, 2);
  const settings = { ...plain, steps: 1, key: [1, 2] as const, firstStep: 0 };
  const [first, second] = network.layers, zeros = (...shape: number[]) => tf.zeros(shape);
  const tensors: [Record<string, unknown>, Record<string, unknown>, RegExp][] = [
    [{ eventTable: zeros(5, 3) }, {}, /controlTable is float32 \[2,4\], expected float32 \[2,3\]/],
    [{ rowTicks: zeros(2) }, {}, /rowTicks is float32 \[2\], expected int32 \[2\]/],
    [{ eventTicks: ints([1]) }, {}, /eventTicks/],
    [{ layers: [first, { ...second, weightHh: zeros(4, 12) }] }, {}, /layers\[1\].weightHh/],
    [{ layers: [first] }, {}, /outputWeight is float32 \[5,8\], expected float32 \[5,4\]/],
    [{ outputBias: zeros(1, 5) }, {}, /outputBias/],
    [{}, { event: zeros(3) }, /event is float32/],
    [{}, { event: ints([]) }, /event is int32 \[0\], .* without a dimension of length 0/],
    [{}, { hidden: zeros(2, 2, 4) }, /hidden is float32 \[2,2,4\], expected float32 \[2,3,4\]/],
    [{}, { clock: ints([1]) }, /clock/],
  ];
  for (const [other, start, message] of tensors) {
    throws(
      () =>
        gruDecode(
          { ...network, ...other } as GruDecodeNetwork,
          { ...state, ...start } as GruDecodeState,
          settings,
        ),
      (error: Error) => error instanceof TypeError && message.test(error.message),
    );
  }
  const numbers: Partial<GruDecodeSettings>[] = [
    { steps: 0 },
    { steps: 1.5 },
    { firstStep: -1 },
    { firstStep: 2 ** 32 },
    { temperature: 0 },
    { temperature: Infinity },
    { topK: -1 },
    { topP: 0 },
    { topP: 1.1 },
    { greedyRatio: 2 },
    { greedyRatio: NaN },
  ];
  for (const other of numbers) {
    const message = new RegExp(`gruDecode: ${Object.keys(other)[0]} is `);
    throws(
      () => gruDecode(network, state, { ...settings, ...other }),
      (error: Error) => error instanceof RangeError && message.test(error.message),
    );
  }
  const crowd = stateOf({ ...sizes, batch: 4097 }, 1);
  throws(() => gruDecode(network, crowd, settings), /the batch is 4097, expected at most 4096/);
});

testOn("webgpu", "gruDecode: an event takes six dispatches at three layers", async () => {
  const sizes = { nLayers: 3, hidden: 5, batch: 2, nEvents: 9, rows: 1 };
  const network = networkOf(sizes, 1),
    state = stateOf(sizes, 2),
    { prototype } = GPUComputePassEncoder;
  const dispatch = prototype.dispatchWorkgroups;
  let dispatches = 0;
  prototype.dispatchWorkgroups = function (...sizes) {
    dispatches++;
    return dispatch.apply(this, sizes);
  };
  try {
    const settings = { ...plain, steps: 64, key: [1, 2] as const, firstStep: 0 };
    await gruDecode(network, state, settings).events.data();
  } finally {
    prototype.dispatchWorkgroups = dispatch;
  }
  deepEqual(dispatches, 6 * 64);
});

Deno.test("gruDecode: large layers and a batch that no tile divides", async () => {
  const sizes = { nLayers: 2, hidden: 203, batch: 11, nEvents: 77, rows: 3 };
  const call = { sizes, network: networkOf(sizes, 1), state: stateOf(sizes, 2) };
  const settings = { ...plain, steps: 2, key: [9, 9] as const, firstStep: 0 };
  const results = gruDecode(call.network, call.state, settings);
  const expected = await follow(call, settings, await results.events.data<"int32">());
  assertClose(await read(results.hidden), expected.hidden, 1e-5, "hidden");
  ok(expected.differing <= 1);
});
