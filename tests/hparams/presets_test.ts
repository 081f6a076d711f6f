import { deepStrictEqual as deepEqual, ok, strictEqual, throws } from "node:assert/strict";
import { HParamsError } from "../../hparams/errors.ts";
import { parseHParams } from "../../hparams/load.ts";
import { defaultPreset, presetNames, presetOf } from "../../hparams/presets.ts";
import { eventModelIds, modelIds } from "../../hparams/registry.ts";

Deno.test("presetOf() gives valid hparams for every model and preset", () => {
  for (const model of modelIds) {
    for (const preset of presetNames) {
      const hparams = parseHParams(model, { preset });
      for (const [name, value] of Object.entries(presetOf(model, preset))) {
        deepEqual(hparams[name as keyof typeof hparams], value);
      }
    }
  }
});

Deno.test("presetOf() repeats the original's numbers and quirks as upstream", () => {
  const upstream = parseHParams("performance_rnn", { preset: "upstream" });
  const expected = {
    initDim: 32,
    hiddenDim: 512,
    gruLayers: 3,
    gruDropout: 0.3,
    learningRate: 0.001,
    batchSize: 512,
    windowSize: 200,
    strideSize: 10,
    useTransposition: false,
    stretch: 0,
    controlRatio: 1,
    teacherForcingRatio: 1,
    maxLen: 1000,
    greedyRatio: 1,
    temperature: 1,
    totalSteps: 1_000_000,
    stepsPerLog: 10,
    stepsPerCheckpoint: 1000,
    codec: "upstream",
    sustain: false,
    upstreamInitToHidden: true,
  };
  deepEqual({ ...upstream, ...expected }, upstream);
});

Deno.test("presetOf() trains MelGan as the original does as upstream", () => {
  const upstream = parseHParams("mel_gan", { preset: "upstream" });
  const expected = {
    filterInit: "uniform",
    upstreamRealFeatures: true,
    balanceLosses: false,
    learningRate: 1e-4,
    adamBeta1: 0.5,
    adamBeta2: 0.9,
    gradientClip: 0,
    batchSize: 64,
    seqLen: 8192,
    lambdaFeat: 10,
    melLossWeight: 0,
    stftLossWeight: 0,
    discriminatorWarmup: 0,
    emaDecay: 0,
    minGain: 0.3,
    ngf: 32,
    ndf: 16,
    numD: 3,
    generatorRatios: [8, 8, 2, 2],
  };
  deepEqual({ ...upstream, ...expected }, upstream);
});

Deno.test("presetOf() names the nearest to an unknown preset", () => {
  throws(() => presetOf("performance_rnn", "upsteam"), (error) => {
    ok(error instanceof HParamsError && error.message.includes('did you mean "upstream"?'));
    return true;
  });
  throws(() => presetOf("performance_rnn", "constructor"), HParamsError);
});

Deno.test("defaultPreset() follows the backend", () => {
  deepEqual(["webgpu", "wasm", "cpu"].map(defaultPreset), ["gpu", "cpu", "cpu"]);
  strictEqual(parseHParams("performance_rnn", { preset: "gpu" }).batchSize, 128);
});

Deno.test("presetOf() stretches windows as cpu and gpu alone", () => {
  for (const model of eventModelIds) {
    const stretch = presetNames.map((preset) => parseHParams(model, { preset }).stretch);
    deepEqual(stretch, [0, 0.05, 0.05, 0]);
  }
});
