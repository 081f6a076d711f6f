/** Whether memory grows while a model trains and composes for a long time. @module */
import { tf } from "../deps/tf.ts";
import type { BackendWasm } from "../deps/tfjs_wasm.ts";
import { RandomStream } from "../datatools/random.ts";
import { performanceRnnSchema } from "../hparams/performance_rnn.ts";
import type { WasmModule } from "../models/device/heap.ts";
import type { Pass } from "../models/nn/mod.ts";
import { PerformanceRnn } from "../models/performance_rnn.ts";
import { growthOf, type Sample, warmUp } from "./growth.ts";
import { trainer } from "./train_step.ts";

/** What is watched. Bounds are on the growth after the first tenth of the time, in their unit. */
const watched = {
  tensors: { unit: "", scale: 1, bound: 0.5 },
  tfjs: { unit: " MB", scale: 1e6, bound: 0.001 },
  heap: { unit: " MB", scale: 1e6, bound: 1 },
  rss: { unit: " MB", scale: 1e6, bound: 32 },
} as const;

type Watched = keyof typeof watched;
const secondsPerLine = 30;
const random = new RandomStream(1, "soak");

/** Bytes that the backend has taken: the wasm memory, or buffers on the graphics device; 0 on cpu. */
function heapBytes(): number {
  const { numBytesAllocatedInGPU = 0 } = tf.memory() as { numBytesAllocatedInGPU?: number };
  if (tf.getBackend() !== "wasm") return numBytesAllocatedInGPU;
  const { wasm } = tf.backend() as unknown as BackendWasm & { wasm: WasmModule };
  return wasm.wasmMemory.buffer.byteLength;
}

function look(): Record<Watched, number> {
  const { numTensors, numBytes } = tf.memory();
  return { tensors: numTensors, tfjs: numBytes, heap: heapBytes(), rss: Deno.memoryUsage().rss };
}

/** Training steps over windows whose length changes from step to step, so that buffers of many sizes come and go. */
function steps(model: PerformanceRnn): () => Promise<void> {
  const { hparams } = model, batch = 16;
  let step = 0;
  const losses = (pass: Pass) => {
    const window = 20 + 7 * (step % 11), size = window * batch;
    const ids = random.uniform(step, size).map((u) => Math.floor(hparams.eventDim * u));
    const events = tf.tensor2d(Int32Array.from(ids), [window, batch], "int32");
    const controls = tf.tensor3d(random.uniform(step, size * hparams.controlDim), [
      window,
      batch,
      hparams.controlDim,
    ]);
    const latent = tf.zeros<tf.Rank.R2>([batch, hparams.initDim]);
    const logits = model.teacherForced(latent, events, controls, pass);
    return { loss: tf.mean(model.lossPerEvent(logits, events)) as tf.Scalar };
  };
  const next = trainer({ model, hparams, random, losses });
  return async () => {
    step++;
    await next();
  };
}

function lineOf(seconds: number, cycles: number, now: Record<Watched, number>): string {
  const parts = Object.entries(watched).map(([name, { unit, scale }]) => {
    const value = now[name as Watched] / scale;
    return `${name} ${unit ? value.toFixed(2) : value}${unit}`;
  });
  return `${seconds.toFixed(0).padStart(5)} s  cycle ${cycles}  ${parts.join("  ")}`;
}

/** Says how much each figure grew; true if none grew by more than its bound. */
function judge(samples: Record<Watched, Sample[]>, print: (line: string) => void): boolean {
  const verdicts = Object.entries(watched).map(([name, { unit, scale, bound }]) => {
    const growth = growthOf(samples[name as Watched]) / scale, fits = growth <= bound;
    const rounded = Number(growth.toFixed(3));
    print(`${name} grew by ${rounded}${unit}, at most ${bound}: ${fits ? "ok" : "too much"}`);
    return fits;
  });
  return verdicts.every(Boolean);
}

/**
 * Trains a small PerformanceRnn and composes with it in turn, for some minutes.
 *
 * @param print gets a line every half minute and the verdict
 * @returns whether nothing grew beyond its bound after the first tenth of the time
 */
export async function soak(minutes: number, print: (line: string) => void): Promise<boolean> {
  const small = { hiddenDim: 128, gruLayers: 2 };
  using model = new PerformanceRnn(performanceRnnSchema.parse(small)).initialize(1);
  const train = steps(model), start = performance.now();
  const samples: Record<Watched, Sample[]> = { tensors: [], tfjs: [], heap: [], rss: [] };
  let printed = -Infinity;
  for (let cycle = 1, seconds = 0; seconds < 60 * minutes; cycle++) {
    for (let i = 0; i < 4; i++) await train();
    await model.generateMany({ count: 1 + cycle % 5, steps: 64 + cycle % 64, seed: cycle });
    await new Promise((resolve) => setTimeout(resolve)); // lets the runtime clean up
    seconds = (performance.now() - start) / 1000;
    const now = look();
    for (const name of Object.keys(watched) as Watched[]) {
      samples[name].push([seconds, now[name]]);
    }
    if (seconds - printed < secondsPerLine && seconds < 60 * minutes) continue;
    print(lineOf(seconds, cycle, now));
    printed = seconds;
  }
  print(`Growth after the first ${100 * warmUp} % of the time:`);
  return judge(samples, print);
}
