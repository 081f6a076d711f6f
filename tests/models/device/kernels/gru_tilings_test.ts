/** The ways in which a step of the recurrence is shared out on a GPU: each gives the same result on any adapter. */
import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { tf } from "../../../../deps/tf.ts";
import type { WebGPUBackend } from "../../../../deps/tfjs_webgpu.ts";
import { Gpu } from "../../../../models/device/gpu.ts";
import {
  gruBackwardReference,
  gruForwardReference,
} from "../../../../models/device/kernels/gru/cpu.ts";
import {
  gruBackwardWebgpu,
  gruForwardWebgpu,
} from "../../../../models/device/kernels/gru/webgpu.ts";
import { assertClose, normalTensor, read, take, testOn } from "../support.ts";

const names = ["dXProj", "dH0", "dWeightHh", "dBiasHh"] as const;

function inputsOf([time, batch, hidden]: [number, number, number], seed: number) {
  return {
    xProj: normalTensor(seed, [time, batch, 3 * hidden]),
    h0: normalTensor(seed + 1, [batch, hidden]),
    weightHh: normalTensor(seed + 2, [3 * hidden, hidden], 1 / Math.sqrt(hidden)),
    biasHh: normalTensor(seed + 3, [3 * hidden]),
    dStates: normalTensor(seed + 4, [time, batch, hidden]),
  };
}

for (const software of [true, false]) {
  const name = software ? "registers" : "shared memory";
  let made: Gpu | undefined; // keeps its pipelines
  const gpu = () => made ??= new Gpu(tf.backend() as unknown as WebGPUBackend, software);

  testOn("webgpu", `gruSequence in ${name}: states and gradients equal the reference`, async () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 6, max: 20 })),
      fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 70 })),
    );
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 0, max: 1e6 }), async (shape, seed) => {
        const inputs = inputsOf(shape, seed), [time, batch, hidden] = shape;
        const [xProj, h0, weightHh, biasHh, dStates] = await Promise.all(
          Object.values(inputs).map(read),
        );
        const lengths = { time, batch, hidden };
        const expected = gruForwardReference({ xProj, h0, weightHh, biasHh }, lengths);
        const [states, gates] = gruForwardWebgpu(gpu(), inputs, true);
        const saved = { ...inputs, states, gates };
        const gradients = gruBackwardWebgpu(gpu(), saved);
        assertClose(await take(states), expected.states, 1e-5, "states");
        assertClose(await take(gates), expected.gates, 1e-5, "gates");
        const arrays = { ...expected, dStates, h0, weightHh };
        const back = gruBackwardReference(arrays, lengths);
        for (const [i, name] of names.entries()) {
          assertClose(await take(gradients[i]), back[name], 1e-5, name);
        }
        tf.dispose(Object.values(inputs));
      }),
      { numRuns: 60 },
    );
  });

  testOn(
    "webgpu",
    `gruSequence in ${name}: without gates the states have the same bits`,
    async () => {
      for (const batch of [1, 6]) {
        const inputs = inputsOf([3, batch, 21], batch);
        const [[alone], [states, gates]] = [false, true].map((saveGates) =>
          gruForwardWebgpu(gpu(), inputs, saveGates)
        );
        deepEqual(await take(alone), await take(states));
        ok((await take(gates)).every(Number.isFinite));
      }
    },
  );

  testOn(
    "webgpu",
    `gruSequence in ${name}: NaN stays in its row, back through time too`,
    async () => {
      const [time, batch, hidden] = [3, 11, 18], spoilt = 6;
      const inputs = inputsOf([time, batch, hidden], 5), values = await read(inputs.dStates);
      values[((time - 1) * batch + spoilt) * hidden + 3] = NaN;
      const dStates = tf.tensor(values, [time, batch, hidden]);
      const [states, gates] = gruForwardWebgpu(gpu(), inputs, true);
      const [dXProj, dH0] = gruBackwardWebgpu(gpu(), { ...inputs, dStates, states, gates });
      for (const [gradient, width] of [[dXProj, 3 * hidden], [dH0, hidden]] as const) {
        const found = await take(gradient);
        for (let row = 0; row < found.length / width; row++) {
          const part = found.subarray(row * width, (row + 1) * width);
          deepEqual(part.some(Number.isNaN), row % batch === spoilt, `row ${row}`);
        }
      }
    },
  );
}
