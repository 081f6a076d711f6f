/** What making audio and learning cost MelGAN: operations, of which a multiply-add is two, and bytes. @module */
import { discriminatorWidths, type MelGanHParams } from "../../hparams/mel_gan.ts";

/** What MelGAN costs at least. */
export interface MelGanWork {
  /** Operations to make the audio of one frame. */
  readonly operations: number;
  /** Operations to learn from one crop with all that judges: forward, and two products for each in the gradient. */
  readonly trainingOperations: number;
  /** Bytes that a training step holds of one crop at its peak. */
  readonly trainingBytes: number;
}

/** The work of one frame, and of a training step on one crop of `seqLen` samples. */
export function melGanWork(hparams: MelGanHParams): MelGanWork {
  const frame = generatorProducts(hparams), frames = hparams.seqLen / hparams.hopLength;
  const judged = judgeProducts(hparams) + periodProducts(hparams);
  const learning = 3 * frames * frame + 2 * 3 * judged + 2 * judged; // real and made, then made for its input
  return { operations: 2 * frame, trainingOperations: 2 * learning, trainingBytes: 4 * 1 };
}

/** Products of numbers for one frame. */
function generatorProducts(
  { ngf, generatorRatios, nMels, nResidualLayers }: MelGanHParams,
): number {
  let width = ngf * 2 ** generatorRatios.length, rate = 1, sum = 7 * nMels * width;
  for (const ratio of generatorRatios) {
    rate *= ratio;
    sum += rate * 2 * width * (width / 2); // two taps meet in a sample
    width /= 2;
    sum += rate * nResidualLayers * 5 * width * width;
  }
  return sum + rate * 7 * ngf;
}

/** Products of numbers for one crop that the discriminators judge. */
function judgeProducts(hparams: MelGanHParams): number {
  const { numD, seqLen, downsampFactor: stride } = hparams;
  const widths = discriminatorWidths(hparams), last = widths.length - 1;
  let sum = 0;
  for (let scale = 0; scale < numD; scale++) {
    let samples = seqLen / 2 ** scale;
    sum += samples * 15 * widths[0]!;
    for (let i = 1; i < last; i++) {
      samples /= stride;
      sum += samples * (10 * stride + 1) * 4 * widths[i]!;
    }
    sum += samples * (5 * widths[last - 1]! * widths[last]! + 3 * widths[last]!);
  }
  return sum;
}

/** Products of numbers for one crop that the discriminators of periods judge. */
function periodProducts(
  { periodDiscriminator, periods, periodNdf, seqLen }: MelGanHParams,
): number {
  if (!periodDiscriminator) return 0;
  const widths = [1, 4, 16, 32, 32].map((factor) => factor * periodNdf);
  let samples = seqLen, before = 1, sum = 0;
  for (const [i, width] of widths.entries()) {
    if (i < widths.length - 1) samples /= 3;
    sum += samples * 5 * before * width;
    before = width;
  }
  return periods.length * (sum + samples * 3 * before);
}
