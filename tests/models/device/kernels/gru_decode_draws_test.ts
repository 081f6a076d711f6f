/** The draws of gruDecode: temperature, top-k, top-p and the greedy share, against drawClasses on the same logits. */
import { deepStrictEqual as deepEqual, notDeepStrictEqual, ok } from "node:assert/strict";
import { RandomStream } from "../../../../datatools/random.ts";
import { type Tensor1D, tf } from "../../../../deps/tf.ts";
import { drawClasses, type Sampling } from "../../../../models/decoding/sampling.ts";
import { gruDecode, type GruDecodeNetwork } from "../../../../models/device/mod.ts";
import { backend, normalTensor, read } from "../support.ts";
import { greedy, networkOf, plain, readInts, type Sizes, stateOf } from "./gru_decode_support.ts";

Deno.test("gruDecode: equal logits give the draws of drawClasses", async () => {
  const sizes = { nLayers: 1, hidden: 2, batch: 16, nEvents: 240, rows: 1 }, steps = 64;
  const outputBias = normalTensor<Tensor1D>(5, [240], 2), logits = await read(outputBias);
  logits.fill(logits[3], 7, 10); // the same bits again: ties
  const network = {
    ...networkOf(sizes, 1),
    outputWeight: tf.zeros<tf.Rank.R2>([240, 2]),
    outputBias: tf.tensor1d(logits),
  };
  const rows = Float32Array.from({ length: 16 * 240 }, (_, i) => logits[i % 240]);
  let draws = 0, differing = 0;
  for (const temperature of [0.5, 1, 3]) {
    for (const [topK, topP] of [[0, 1], [20, 1], [0, 0.8], [30, 0.5]]) {
      const sampling = { temperature, topK, topP, greedyRatio: 0.2 };
      const key = [7 + topK, 0xFFFFFFF0] as const;
      const { events } = gruDecode(network, stateOf(sizes, 2), {
        ...sampling,
        steps,
        key,
        firstStep: 1000,
      });
      const found = await events.data<"int32">(), random = RandomStream.fromKey(key);
      for (let step = 0; step < steps; step++) {
        const expected = drawClasses(rows, random.uniform(1000 + step, 32), sampling);
        expected.forEach((event, i) => differing += Number(found[step * 16 + i] !== event));
      }
      draws += found.length;
    }
  }
  // Float32 sums of 240 weights are within 1e-6, and 240 boundaries lie in [0, 1): 12,288 draws come that close 3 times
  ok(differing <= (backend.name === "webgpu" ? 6 : 0), `${differing} of ${draws} draws differ`);
});

Deno.test("gruDecode: top-k of 1 is greedy, another key draws other events", async () => {
  const sizes = { nLayers: 2, hidden: 16, batch: 5, nEvents: 40, rows: 1 };
  const network = networkOf(sizes, 8), state = stateOf(sizes, 9);
  const run = async (sampling: Sampling, key: readonly [number, number] = [1, 1]) => {
    const settings = { ...sampling, steps: 20, key, firstStep: 0 };
    return await readInts(gruDecode(network, state, settings).events);
  };
  deepEqual(await run({ ...plain, topK: 1 }), await run(greedy));
  deepEqual(await run({ ...plain, temperature: 1e-6 }), await run(greedy));
  notDeepStrictEqual(await run(plain), await run(plain, [1, 2]));
});

/** A network whose logits are `bias` whatever it reads. */
function constantNetwork(bias: number[], sizes: Omit<Sizes, "nEvents">): GruDecodeNetwork {
  const nEvents = bias.length, width = sizes.nLayers * sizes.hidden;
  return {
    ...networkOf({ ...sizes, nEvents }, 1),
    outputWeight: tf.zeros([nEvents, width]),
    outputBias: tf.tensor1d(bias),
  };
}

async function drawsOf(bias: number[], sampling: Sampling): Promise<Set<number>> {
  const sizes = { nLayers: 1, hidden: 3, batch: 8, rows: 1 }, { length: nEvents } = bias;
  const state = stateOf({ ...sizes, nEvents }, 2), key = [3, 4] as const;
  const settings = { ...sampling, steps: 20, key, firstStep: 0 };
  return new Set(await readInts(gruDecode(constantNetwork(bias, sizes), state, settings).events));
}

Deno.test("gruDecode: of equal logits those with the lower index are kept", async () => {
  const equal = new Array(10).fill(0.25);
  deepEqual(await drawsOf(equal, greedy), new Set([0]));
  deepEqual((await drawsOf(equal, { ...plain, topK: 3 })).union(new Set([0, 1, 2])).size, 3);
  deepEqual((await drawsOf(equal, { ...plain, topP: 0.31 })).union(new Set([0, 1, 2, 3])).size, 4);
  deepEqual((await drawsOf(equal, plain)).size, 10);
});

Deno.test("gruDecode: what has no probability is never drawn; where nothing can be, -1 stands", async () => {
  deepEqual(await drawsOf([-Infinity, 0, -Infinity, -Infinity], plain), new Set([1]));
  for (const sampling of [plain, greedy, { ...plain, topK: 2, topP: 0.5 }]) {
    deepEqual(await drawsOf([0, NaN, 1], sampling), new Set([-1]));
    deepEqual(await drawsOf([NaN, 0, 1], sampling), new Set([-1]));
    deepEqual(await drawsOf([0, Infinity, 1], sampling), new Set([-1]));
    deepEqual(await drawsOf([-Infinity, -Infinity], sampling), new Set([-1]));
  }
});
