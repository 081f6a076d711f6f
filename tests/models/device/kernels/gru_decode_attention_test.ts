/** Attention within gruDecode: against the reference, in parts and at once, and what is refused. */
import { deepStrictEqual as deepEqual, notDeepStrictEqual, ok, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor3D, tf } from "../../../../deps/tf.ts";
import {
  gruDecode,
  type GruDecodeAttention,
  type GruDecodeNetwork,
  type GruDecodeSettings,
  type GruDecodeState,
} from "../../../../models/device/mod.ts";
import { countOnDevice } from "../../../../bench/device_counts.ts";
import { assertClose, backend, normalTensor, read, runs, testOn } from "../support.ts";
import { type Call, follow, seed, settings, sizes } from "./gru_decode_follow.ts";
import {
  attentionOf,
  greedy,
  networkOf,
  plain,
  readInts,
  type Sizes,
  stateOf,
  tensorsOf,
} from "./gru_decode_support.ts";

/** Lengths of the attention, and of the past. */
interface Lengths {
  heads: number;
  width: number;
  window: number;
  before: number;
}

/** A call whose network attends, after `before` inputs. */
function attentiveCall(
  { heads, width, window, before }: Lengths,
  rest: Omit<Sizes, "hidden">,
  seed: number,
): Call & { network: { attention: GruDecodeAttention } } {
  const hidden = heads * width, sizes = { ...rest, hidden }, { batch } = sizes;
  const attention = attentionOf(sizes, { heads, window }, seed + 50);
  const past = before === 0 ? null : normalTensor<Tensor3D>(seed, [before, batch, 2 * hidden]);
  const state = { ...stateOf(sizes, seed + 99), past };
  return { sizes, network: { ...networkOf(sizes, seed), attention }, state };
}

const lengths: fc.Arbitrary<Lengths> = fc.record({
  heads: fc.integer({ min: 1, max: 5 }),
  width: fc.integer({ min: 1, max: 20 }),
  window: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 40)),
  before: fc.nat(39),
}).map((lengths) => ({ ...lengths, before: lengths.before % lengths.window }));

/** Some inputs of any length, then a call; the past of the result against what the reference keeps. */
async function check(call: Call, settings: GruDecodeSettings): Promise<number> {
  const results = gruDecode(call.network, call.state, settings);
  const expected = await follow(call, settings, await results.events.data<"int32">());
  assertClose(await read(results.hidden), expected.hidden, 2e-5, "hidden");
  deepEqual(await readInts(results.clock), expected.clock);
  const { batch, hidden } = call.sizes, past = expected.past ?? [];
  const kept = past.length / (2 * batch * hidden);
  deepEqual(results.past?.shape, kept === 0 ? undefined : [kept, batch, 2 * hidden]);
  if (results.past) assertClose(await read(results.past), past, 2e-5, "past");
  tf.dispose([tensorsOf(call), tensorsOf(results)]);
  return expected.differing;
}

Deno.test("gruDecode with attention: events, states and past equal the reference's", async () => {
  let differing = 0;
  await fc.assert(
    fc.asyncProperty(lengths, sizes, settings, seed, async (lengths, sizes, settings, seed) => {
      differing += await check(attentiveCall(lengths, sizes, seed), settings);
    }),
    { numRuns: runs(200) },
  );
  ok(differing <= (backend.name === "cpu" ? 0 : 3), `${differing} draws differ`);
});

Deno.test("gruDecode with attention: long windows and heads that no vector divides", async () => {
  const sizes = { nLayers: 1, nEvents: 30, rows: 2 };
  const small = { ...sizes, batch: 2 }, crowd = { ...sizes, batch: 21 };
  const settings = { ...plain, steps: 3, key: [1, 2] as const, firstStep: 0 };
  const calls = [
    attentiveCall({ heads: 2, width: 67, window: 300, before: 299 }, small, 1),
    attentiveCall({ heads: 8, width: 9, window: 1000, before: 130 }, small, 2),
    attentiveCall({ heads: 7, width: 5, window: 16, before: 15 }, crowd, 3),
  ];
  for (const call of calls) ok(await check(call, settings) <= 1);
});

/** The results of calls of `parts` steps, one after the other: events, hidden, past. */
async function inParts(
  { network, state, sizes: { batch } }: Call,
  settings: Omit<GruDecodeSettings, "steps">,
  parts: number[],
): Promise<ArrayLike<number>[]> {
  const events: number[] = [];
  let { firstStep } = settings;
  for (const steps of parts) {
    const next = gruDecode(network, state, { ...settings, steps, firstStep });
    events.push(...await readInts(next.events));
    const last = tf.slice(next.events, [steps - 1, 0]);
    state = { ...next, event: tf.reshape(last, [batch]) };
    firstStep += steps;
  }
  return [events, await read(state.hidden), state.past ? await read(state.past) : []];
}

Deno.test("gruDecode with attention: any parts and the whole give the same bits", async () => {
  const sizes = { nLayers: 2, batch: 3, nEvents: 31, rows: 5 };
  const settings = { temperature: 1.1, topK: 12, topP: 0.9, greedyRatio: 0.2 };
  const rest = { ...settings, key: [1, 2] as const, firstStep: 5 };
  for (const window of [1, 2, 3, 7, 20, 100]) {
    const before = Math.min(window - 1, 4);
    const call = attentiveCall({ heads: 3, width: 7, window, before }, sizes, window);
    const whole = await inParts(call, rest, [32]);
    for (const parts of [new Array(32).fill(1), [1, 30, 1], [9, 6, 17], [19, 2, 11]]) {
      deepEqual(await inParts(call, rest, parts), whole, `window ${window}, parts ${parts}`);
    }
  }
});

Deno.test("gruDecode with attention: what an item draws does not depend on the others", async () => {
  const lengths = { heads: 2, width: 6, window: 5, before: 3 };
  const call = attentiveCall(lengths, { nLayers: 2, batch: 4, nEvents: 12, rows: 2 }, 6);
  const settings = { ...greedy, steps: 9, key: [5, 5] as const, firstStep: 0 };
  const whole = await readInts(gruDecode(call.network, call.state, settings).events);
  const values = (await read(call.state.past!)).slice();
  values[24 * 2 + 4] = NaN; // the third item of the first input
  const past = tf.tensor3d(values, [3, 4, 24]);
  const found = await readInts(gruDecode(call.network, { ...call.state, past }, settings).events);
  const spoiled = new Set(found.flatMap((event, i) => event === whole[i] ? [] : [i % 4]));
  deepEqual(spoiled, new Set([2]));
  deepEqual(found.slice(0, 16).filter((_, i) => i % 4 === 2), [-1, -1, -1, -1]);
  for (let item = 0; item < 4; item++) {
    const { event, hidden, clock, past } = call.state;
    const alone = {
      event: tf.slice(event, item, 1),
      hidden: tf.slice(hidden, [0, item, 0], [2, 1, 12]),
      clock: tf.slice(clock, item, 1),
      past: tf.slice(past!, [0, item, 0], [3, 1, 24]),
    };
    const drawn = await readInts(gruDecode(call.network, alone, settings).events);
    deepEqual(drawn, whole.filter((_, i) => i % 4 === item));
  }
});

Deno.test("gruDecode with attention: a step sees its window and no more", async () => {
  const sizes = { nLayers: 1, batch: 1, nEvents: 9, rows: 1 };
  const settings = { ...plain, steps: 1, key: [1, 2] as const, firstStep: 0 };
  const { network, state } = attentiveCall({ heads: 2, width: 4, window: 6, before: 5 }, sizes, 1);
  const hiddenAfter = async (past: Tensor3D | null, window: number, shift = 0) => {
    const attention = { ...network.attention, window };
    attention.slopes = attention.slopes.map((slope) => slope + shift);
    const { hidden } = gruDecode({ ...network, attention }, { ...state, past }, settings);
    return await read(hidden);
  };
  const last = tf.slice(state.past!, [3, 0, 0]);
  deepEqual(await hiddenAfter(last, 6), await hiddenAfter(last, 3));
  notDeepStrictEqual(await hiddenAfter(state.past, 6), await hiddenAfter(last, 6));
  // A slope beyond all scores leaves the own input alone, whose softmax is 1
  assertClose(await hiddenAfter(state.past, 6, 200), await hiddenAfter(null, 1), 1e-6, "hidden");
});

Deno.test("gruDecode with attention: no tensor stays behind, and what it was given is as before", async () => {
  const lengths = { heads: 2, width: 3, window: 4, before: 2 };
  const { network, state } = attentiveCall(
    lengths,
    { nLayers: 2, batch: 2, nEvents: 9, rows: 2 },
    1,
  );
  const given = [...tensorsOf(network), ...tensorsOf(state)];
  const before = await Promise.all(given.map(async (tensor) => (await tensor.data()).slice()));
  for (const window of [1, 4]) {
    const start = { ...state, past: window === 1 ? null : state.past };
    const attentive = { ...network, attention: { ...network.attention!, window } };
    const { numTensors, numDataBuffers } = tf.memory();
    for (const steps of [1, 2, 5]) {
      const settings = { ...plain, steps, key: [1, 2] as const, firstStep: 0 };
      const results = tensorsOf(gruDecode(attentive, start, settings));
      deepEqual(tf.memory().numTensors, numTensors + (window === 1 ? 3 : 4));
      for (const tensor of results) await tensor.data();
      tf.dispose(results);
      deepEqual(tf.memory().numTensors, numTensors);
      deepEqual(tf.memory().numDataBuffers, numDataBuffers);
    }
  }
  deepEqual(await Promise.all(given.map((tensor) => tensor.data())), before);
});

Deno.test("gruDecode with attention: tensors and numbers that do not fit are refused", () => {
  const lengths = { heads: 2, width: 3, window: 4, before: 3 };
  const { network, state } = attentiveCall(
    lengths,
    { nLayers: 1, batch: 2, nEvents: 5, rows: 1 },
    1,
  );
  const settings = { ...plain, steps: 1, key: [1, 2] as const, firstStep: 0 };
  const zeros = (...shape: number[]) => tf.zeros(shape);
  const refuses = (
    other: Record<string, unknown> | null,
    past: Tensor | null,
    [type, message]: [new (message: string) => Error, RegExp],
  ) => {
    const attention = other ? { ...network.attention!, ...other } : undefined;
    throws(
      () =>
        gruDecode(
          { ...network, attention } as GruDecodeNetwork,
          { ...state, past } as GruDecodeState,
          settings,
        ),
      (error: Error) => error instanceof type && message.test(error.message),
    );
  };
  for (const name of ["inWeight", "inBias", "outWeight", "outBias", "gamma", "beta"]) {
    const message = new RegExp(
      `gruDecode: attention.${name} is float32 \\[5,6\\], expected float32`,
    );
    refuses({ [name]: zeros(5, 6) }, state.past, [TypeError, message]);
  }
  const { past } = state;
  const shape = /past is float32 \[3,2,11\], expected float32 \[3,2,12\]/;
  refuses({}, zeros(3, 2, 11), [TypeError, shape]);
  refuses({}, zeros(3, 1, 12), [TypeError, /past is float32 \[3,1,12\], expected .*\[3,2,12\]/]);
  refuses({}, zeros(0, 2, 12), [TypeError, /past .* without a dimension of length 0/]);
  refuses({}, tf.cast(past!, "int32"), [TypeError, /past is int32/]);
  refuses(null, past, [TypeError, /past is float32 \[3,2,12\], expected null/]);
  refuses({ window: 3 }, past, [RangeError, /inputs of past is 3, expected at most 2, one less/]);
  refuses({ window: 1 }, past, [RangeError, /inputs of past is 3, expected at most 0/]);
  for (const window of [0, -1, 2.5, NaN, 65_537]) {
    refuses({ window }, null, [RangeError, /attention.window is .*an integer from 1 to 65536/]);
  }
  const slopes = (count: number) => new Array(count).fill(0.5);
  refuses({ slopes: slopes(4) }, past, [RangeError, /slopes.* is 4, expected a divisor of the 6/]);
  refuses({ slopes: [] }, past, [RangeError, /slopes.* is 0, expected a divisor of the 6/]);
  refuses({ slopes: [1, NaN] }, past, [RangeError, /one of attention.slopes is NaN/]);
});

testOn(
  "webgpu",
  "gruDecode with attention: four dispatches more an event, three alone",
  async () => {
    const sizes = { nLayers: 3, batch: 2, nEvents: 9, rows: 1 };
    const settings = { ...plain, steps: 64, key: [1, 2] as const, firstStep: 0 };
    const dispatchesOf = async (window: number, before: number) => {
      const call = attentiveCall({ heads: 1, width: 5, window, before }, sizes, 1);
      const counts = await countOnDevice(async () => {
        await gruDecode(call.network, call.state, settings).events.data();
      });
      deepEqual(counts.readBacks, 1);
      return counts.dispatches;
    };
    deepEqual(await dispatchesOf(1, 0), (6 + 3) * 64);
    deepEqual(await dispatchesOf(12, 0), (6 + 4) * 64 + 1); // and a copy of the ring
    deepEqual(await dispatchesOf(12, 7), (6 + 4) * 64 + 2);
  },
);
