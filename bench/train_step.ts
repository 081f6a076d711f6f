/** A training step on a fixed batch, and what its kernels take. @module */
import { tf } from "../deps/tf.ts";
import type { RandomStream } from "../datatools/random.ts";
import type { TrainingHParams } from "../hparams/training.ts";
import { globalNorm } from "../models/device/mod.ts";
import type { Losses, Module, Pass } from "../models/nn/mod.ts";
import { Adam } from "../supervisors/optimizers/adam.ts";
import { clipFactor } from "../supervisors/optimizers/clip.ts";
import { gradientsOf } from "../supervisors/gradients.ts";
import type { Figure } from "./figure.ts";

type TrainingPass = Extract<Pass, { training: true }>;

/** What is trained, and on what. */
export interface Training {
  readonly model: Module;
  readonly hparams: TrainingHParams;
  readonly random: RandomStream;
  readonly losses: (pass: TrainingPass) => Losses;
}

/** One step: losses, gradients, clipping, Adam; everything but the reading of data. It ends when the loss is read. */
export function trainer({ model, hparams, random, losses }: Training): () => Promise<void> {
  const adam = new Adam(model.parameters(), hparams);
  const phase = {
    name: "bench",
    trains: model,
    losses: (_: undefined, pass: Pass) => losses(pass as TrainingPass),
  };
  let step = 0;
  return async () => {
    step++;
    const pass: Pass = { training: true, random, step };
    const { losses: terms, gradients } = gradientsOf(phase, undefined, pass);
    const norm = globalNorm([...gradients.values()]);
    const factor = clipFactor(norm, hparams.gradientClip);
    adam.update(gradients, factor, hparams.learningRate, step);
    await terms.loss!.data();
    tf.dispose([...gradients.values(), factor, norm, ...Object.values(terms)]);
  };
}

interface KernelCall {
  readonly name: string;
  readonly kernelTimeMs: number | { error: string } | Promise<number | { error: string }>;
}

/** Kernels below this share of a step are added up. */
const leastShare = 0.005;

/**
 * ms that each kernel takes in a step, over all of its calls, the slowest first; `others` for the small ones, `between` for
 * what is spent outside of kernels.
 *
 * @throws {RangeError} On a backend where a call returns before its kernel is finished
 */
export async function profileStep(name: string, step: () => Promise<void>): Promise<Figure[]> {
  if (tf.getBackend() === "webgpu") {
    throw new RangeError("Cannot profile webgpu: its kernels run later; choose wasm or cpu");
  }
  const start = performance.now();
  const { kernels } = await tf.profile(async () => {
    await step();
    return undefined as unknown as tf.Tensor;
  });
  const total = performance.now() - start, sums = new Map<string, number>();
  for (const { name: called, kernelTimeMs } of kernels as unknown as KernelCall[]) {
    if (!tf.getKernel(called, tf.getBackend())) continue; // a custom gradient, whose kernels have rows of their own
    sums.set(called, (sums.get(called) ?? 0) + Number(await kernelTimeMs));
  }
  const inKernels = sums.values().reduce((a, b) => a + b, 0);
  const large = [...sums].filter(([, ms]) => ms >= leastShare * total);
  const others = inKernels - large.reduce((sum, [, ms]) => sum + ms, 0);
  return [...large, ["others", others] as const, ["between", total - inKernels] as const]
    .toSorted(([, a], [, b]) => b - a)
    .map(([kernel, ms]) => ({ name: `${name}.kernel.${kernel}`, unit: "ms/step", values: [ms] }));
}
