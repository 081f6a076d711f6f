/** What making audio and learning cost MelGAN: operations, of which a multiply-add is two, and bytes. @module */
import { discriminatorWidths, type MelGanHParams } from "../../hparams/mel_gan.ts";
import { GROWTH } from "./period_discriminator.ts";

/** What MelGAN costs at least. */
export interface MelGanWork {
  /** Operations to make the audio of one frame. */
  readonly operations: number;
  /** Operations to learn from one crop with all that judges: forward, and two products for each in the gradient. */
  readonly trainingOperations: number;
  /** Bytes that a training step holds of one crop at its peak; counted on wasm, within a fifth. */
  readonly trainingBytes: number;
}

/** Multiply-adds of a pass, and the numbers that its layers give. */
interface PassWork {
  readonly products: number;
  readonly values: number;
}

/** The work of one frame, and of a training step on one crop of `seqLen` samples. */
export function melGanWork(hparams: MelGanHParams): MelGanWork {
  const frame = generatorWork(hparams), frames = hparams.seqLen / hparams.hopLength;
  const judges = [judgeWork(hparams), ...hparams.periodDiscriminator ? [periodWork(hparams)] : []];
  const judged = judges.reduce((sum, { products }) => sum + products, 0);
  const maps = judges.reduce((sum, { values }) => sum + values, 0);
  const learning = 3 * frames * frame.products + 2 * 3 * judged + 2 * judged; // real and made, then made for its input
  const kept = 2 * frames * frame.values + 2 * 3 * maps; // and gradients; real, made and made again, before and after activation
  return {
    operations: 2 * frame.products,
    trainingOperations: 2 * learning,
    trainingBytes: 4 * kept,
  };
}

/** For one frame. A residual block gives seven arrays: activated, mirrored, convolved, activated, convolved, shortcut, sum. */
function generatorWork(
  { ngf, generatorRatios, nMels, nResidualLayers }: MelGanHParams,
): PassWork {
  let width = ngf * 2 ** generatorRatios.length, rate = 1;
  let products = 7 * nMels * width, values = width;
  for (const ratio of generatorRatios) {
    rate *= ratio;
    products += rate * 2 * width * (width / 2); // two taps meet in a sample
    width /= 2;
    products += rate * nResidualLayers * 5 * width * width;
    values += rate * width * (2 + 7 * nResidualLayers);
  }
  return { products: products + rate * 7 * ngf, values };
}

/** For one crop that the discriminators judge. */
function judgeWork(hparams: MelGanHParams): PassWork {
  const { numD, seqLen, downsampFactor: stride } = hparams;
  const widths = discriminatorWidths(hparams), last = widths.length - 1;
  let products = 0, values = 0;
  for (let scale = 0; scale < numD; scale++) {
    let samples = seqLen / 2 ** scale;
    products += samples * 15 * widths[0]!;
    values += samples * widths[0]!;
    for (let i = 1; i < last; i++) {
      samples /= stride;
      products += samples * (10 * stride + 1) * 4 * widths[i]!;
      values += samples * widths[i]!;
    }
    products += samples * (5 * widths[last - 1]! * widths[last]! + 3 * widths[last]!);
    values += samples * widths[last]!;
  }
  return { products, values };
}

/** For one crop that the discriminators of periods judge. */
function periodWork({ periods, periodNdf, seqLen }: MelGanHParams): PassWork {
  let samples = seqLen, before = 1, products = 0, values = 0;
  for (const [i, factor] of GROWTH.entries()) {
    const width = factor * periodNdf;
    if (i < GROWTH.length - 1) samples /= 3;
    products += samples * 5 * before * width;
    values += samples * width;
    before = width;
  }
  products += samples * 3 * before;
  return { products: periods.length * products, values: periods.length * values };
}
