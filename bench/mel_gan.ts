/** How fast MelGAN makes audio and learns at the original's size. @module */
import { type Tensor3D, tf } from "../deps/tf.ts";
import { RandomStream } from "../datatools/random.ts";
import { parseHParams } from "../hparams/load.ts";
import type { MelGanHParams } from "../hparams/mel_gan.ts";
import { MelGanGenerator, MelGanNetworks } from "../models/mel_gan/mod.ts";
import { melGanWork } from "../models/mel_gan/work.ts";
import { inferencePass } from "../models/nn/mod.ts";
import type { RunLog } from "../supervisors/logging/run_log.ts";
import { MelGanSupervisor } from "../supervisors/mel_gan.ts";
import type { BenchSettings, Figure } from "./figure.ts";
import { memoryFigures, timed } from "./measure.ts";
import { isSlow, measurePeaks, peakFigures, rateFigure } from "./ops/peaks.ts";
import { profileStep } from "./train_step.ts";

const FRAMES = 431; // 5 s
const BATCH = 4;
const random = new RandomStream(1, "bench");
const making = "MelGAN.generate.5s";
const training = `MelGAN.train.batch${BATCH}.seqLen8192`;
/** What the distances of spectra add to the original's losses, which PyTorch's figures are of. */
const spectral = { melLossWeight: 15, stftLossWeight: 1 };

/** Seconds of making 5 s of audio and of a training step on 4 x 8192 samples, their operations and rates. */
export async function* benchMelGan(
  { runs, backend, profile }: BenchSettings,
): AsyncGenerator<Figure> {
  const hparams = parseHParams("mel_gan", { preset: "upstream", file: { batchSize: BATCH } });
  const make = maker(hparams);
  const made = await timed(make, runs);
  yield { name: making, unit: "s", values: made };
  if (profile) yield* await profileStep(making, make);
  const learned = yield* benchTraining(training, hparams, { runs, profile });
  yield* memoryFigures();
  yield* benchTraining(`${training}.spectral`, { ...hparams, ...spectral }, { runs, profile });
  const { operations, trainingOperations } = melGanWork(hparams);
  const work = { making: FRAMES * operations / 1e9, training: BATCH * trainingOperations / 1e9 };
  yield { name: `${making}.work`, unit: "GFLOP", values: [work.making] };
  yield { name: `${training}.work`, unit: "GFLOP/step", values: [work.training] };
  const peaks = await measurePeaks(isSlow(backend));
  yield* peakFigures(peaks);
  yield rateFigure(peaks, `${making}.rate`, "GFLOPS", made.map((s) => work.making / s));
  yield rateFigure(peaks, `${training}.rate`, "GFLOPS", learned.map((s) => work.training / s));
}

/** Makes 5 s of audio. */
function maker(hparams: MelGanHParams): () => Promise<void> {
  using generator = new MelGanGenerator(hparams).initialize(1);
  const network = generator.withoutWeightNorm();
  const shape: [number, number, number] = [1, FRAMES, hparams.nMels];
  const logMel: Tensor3D = tf.tensor3d(random.normal(0, FRAMES * hparams.nMels), shape);
  return async () => {
    const audio = network.forward(logMel, inferencePass);
    await audio.data();
    audio.dispose();
  };
}

/** Seconds of the supervisor's steps on crops of noise. */
async function* benchTraining(
  name: string,
  hparams: MelGanHParams,
  { runs, profile }: Pick<BenchSettings, "runs" | "profile">,
): AsyncGenerator<Figure, number[]> {
  const { batchSize, seqLen } = hparams;
  using model = new MelGanNetworks(hparams).initialize(2);
  const audio = random.normal(1, batchSize * seqLen).map((x) => 0.1 * x);
  const crops = {
    audio,
    pieces: Array(batchSize).fill("noise"),
    starts: new Float64Array(batchSize),
    gains: new Float64Array(batchSize).fill(1),
  };
  const log = { count: () => {}, step: () => {} } as unknown as RunLog; // a step calls no other
  const run = { folder: "", log, metadata: {} }, train = { batch: () => crops };
  const supervisor = new MelGanSupervisor(model, hparams, run, { train, sample: audio });
  const step = () => supervisor.advance();
  const values = await timed(step, runs);
  yield { name, unit: "s/step", values };
  if (profile) yield* await profileStep(name, step);
  supervisor.dispose();
  return values;
}
