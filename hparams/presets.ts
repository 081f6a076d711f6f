/** Named overlays of hparams: from a test of seconds to the original's numbers. @module */
import { HParamsError } from "./errors.ts";
import { nearestName } from "./nearest.ts";
import type { HParamsOf, ModelId } from "./registry.ts";

/** tiny: tests; cpu: a laptop (the schema's defaults); gpu: WebGPU; upstream: the original's numbers and quirks. */
export type PresetName = "tiny" | "cpu" | "gpu" | "upstream";

/** All presets, from the smallest. */
export const presetNames: readonly PresetName[] = ["tiny", "cpu", "gpu", "upstream"];

type Presets = { readonly [M in ModelId]: Readonly<Record<PresetName, Partial<HParamsOf[M]>>> };

/** What both networks over piano events are given. */
const eventRnn: Presets["performance_rnn"] = {
  tiny: {
    initDim: 8,
    hiddenDim: 32,
    gruLayers: 2,
    batchSize: 4,
    windowSize: 32,
    totalSteps: 20,
    stepsPerLog: 5,
    stepsPerCheckpoint: 10,
    stepsPerValidation: 10,
    stepsPerSample: 20,
    validationBatches: 2,
    maxLen: 200,
  },
  cpu: {
    hiddenDim: 512,
    gruLayers: 3,
    batchSize: 16,
    windowSize: 200,
    stretch: 0.05,
    totalSteps: 2000,
    schedule: "cosine",
    warmupSteps: 50,
    stepsPerCheckpoint: 100,
    stepsPerValidation: 100,
    stepsPerSample: 500,
    validationBatches: 40,
  },
  gpu: {
    hiddenDim: 1024,
    gruLayers: 3,
    batchSize: 128,
    windowSize: 256,
    stretch: 0.05,
    totalSteps: 10_000,
    schedule: "cosine",
    warmupSteps: 200,
    stepsPerRead: 10,
    validationBatches: 20,
  },
  upstream: {
    batchSize: 512,
    codec: "upstream",
    sustain: false,
    gruDropout: 0.3,
    useTransposition: false,
    stretch: 0,
    controlRatio: 1,
    teacherForcingRatio: 1,
    upstreamInitToHidden: true,
    upstreamBeamScores: true,
    greedyRatio: 1,
    temperature: 1,
    maxLen: 1000,
    totalSteps: 1_000_000,
    stepsPerLog: 10,
    stepsPerCheckpoint: 1000,
  },
};

const presets: Presets = {
  performance_rnn: eventRnn,
  performance_rnn_attentive: {
    ...eventRnn,
    tiny: { ...eventRnn.tiny, attentionWindow: 16 },
    upstream: {
      ...eventRnn.upstream,
      attentionWindow: 1,
      attentionHeads: 8,
      attentionDropout: 0,
    },
  },
  mel_gan: {
    tiny: {
      ngf: 4,
      nResidualLayers: 2,
      ndf: 4,
      nLayersD: 2,
      numD: 2,
      batchSize: 2,
      seqLen: 4096,
      totalSteps: 20,
      discriminatorWarmup: 10,
      stepsPerLog: 5,
      stepsPerCheckpoint: 10,
      stepsPerValidation: 10,
      stepsPerSample: 20,
      validationBatches: 2,
    },
    cpu: {
      batchSize: 4,
      totalSteps: 2000,
      discriminatorWarmup: 2000, // in so few steps judges take from what was learnt: docs/models/mel_gan.md
      schedule: "cosine",
      warmupSteps: 20,
      stepsPerCheckpoint: 100,
      stepsPerValidation: 100,
      stepsPerSample: 500,
    },
    gpu: {
      batchSize: 32,
      totalSteps: 50_000,
      schedule: "cosine",
      warmupSteps: 200,
      discriminatorWarmup: 5000,
      stepsPerRead: 10,
      stepsPerValidation: 1000,
      stepsPerSample: 5000,
    },
    upstream: {
      filterInit: "uniform",
      upstreamRealFeatures: true,
      balanceLosses: false,
      batchSize: 64,
      learningRate: 1e-4,
      adamBeta1: 0.5,
      adamBeta2: 0.9,
      gradientClip: 0,
      melLossWeight: 0,
      stftLossWeight: 0,
      discriminatorWarmup: 0,
      emaDecay: 0,
      totalSteps: 1_000_000,
      stepsPerLog: 10,
      stepsPerCheckpoint: 1000,
    },
  },
};

/**
 * Gives the hparams that a preset sets for a model.
 *
 * @throws {HParamsError} If there is no such preset; the message names the nearest
 */
export function presetOf<M extends ModelId>(model: M, name: string): Partial<HParamsOf[M]> {
  if (presetNames.includes(name as PresetName)) return presets[model][name as PresetName];
  throw new HParamsError(
    `Cannot find preset "${name}" of ${model}: did you mean "${nearestName(name, presetNames)}"? ` +
      `Choose from ${presetNames.join(", ")}`,
    "preset",
  );
}

/** The preset taken when none is named: `gpu` on WebGPU, `cpu` on cpu and wasm. */
export function defaultPreset(backend: string): PresetName {
  return backend === "webgpu" ? "gpu" : "cpu";
}
