/** A MelGan of a size for tests. */
import { type MelGanHParams, melGanSchema } from "../../hparams/mel_gan.ts";

const tiny = {
  sampleRate: 8000,
  nFft: 64,
  winLength: 64,
  hopLength: 16,
  nMels: 6,
  ngf: 2,
  generatorRatios: [4, 2, 2],
  nResidualLayers: 2,
  ndf: 4,
  nLayersD: 2,
  downsampFactor: 2,
  numD: 2,
  periodNdf: 2,
  seqLen: 512,
  learningRate: 1e-4,
  adamBeta1: 0.5,
  adamBeta2: 0.9,
  gradientClip: 0,
  melLossWeight: 0,
  stftLossWeight: 0,
  discriminatorWarmup: 0,
  emaDecay: 0,
  balanceLosses: false,
};

/** Its hparams, with `given` in the place of some. */
export function tinyMelGan(given: Partial<MelGanHParams> = {}): MelGanHParams {
  return melGanSchema.parse({ ...tiny, ...given });
}
