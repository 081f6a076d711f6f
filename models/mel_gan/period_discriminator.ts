/**
 * The discriminators of periods of HiFi-GAN: Kong et al. 2020, arXiv:2010.05646, section 2.3. Each folds audio into rows of its
 * period and looks along the columns: samples that lie a period apart.
 *
 * @module
 */
import { type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import type { PeriodDiscriminatorHParams } from "../../hparams/mel_gan.ts";
import { checkShape, Conv1d, Module, type Pass, tidy } from "../nn/mod.ts";
import type { FeatureMaps } from "./discriminator.ts";

const SLOPE = 0.1;
/** Channels behind each layer, as multiples of the first one's. */
export const GROWTH = [1, 4, 16, 32, 32] as const;

/** A discriminator of one period; its convolutions are [k, 1] in files. */
class ColumnDiscriminator extends Module {
  readonly #layers: readonly Conv1d[];

  constructor(readonly period: number, ndf: number) {
    super();
    const filters = { weightNorm: true, asConv2d: true } as const;
    const widths = [1, ...GROWTH.map((factor) => factor * ndf)], last = GROWTH.length - 1;
    this.#layers = [
      ...GROWTH.map((_, i) => {
        const moves = { ...filters, kernel: 5, padding: 2, stride: i < last ? 3 : 1 };
        return this.child(`convs.${i}`, new Conv1d(widths[i]!, widths[i + 1]!, moves));
      }),
      this.child("conv_post", new Conv1d(widths.at(-1)!, 1, { ...filters, kernel: 3, padding: 1 })),
    ];
  }

  /** `audio` [batch, samples] to maps [batch * period, rows, channels]. */
  forward(audio: Tensor2D): FeatureMaps {
    const maps: Tensor3D[] = [];
    for (const [i, layer] of this.#layers.entries()) {
      const y = layer.forward(i === 0 ? this.#columns(audio) : maps[i - 1]!);
      maps.push(i < this.#layers.length - 1 ? tf.leakyRelu(y, SLOPE) : y);
    }
    return maps;
  }

  /** [batch * period, rows, 1]: the audio, mirrored at its end up to a whole number of periods, one period a row. */
  #columns(audio: Tensor2D): Tensor3D {
    const [batch, samples] = audio.shape, rows = Math.ceil(samples / this.period);
    const missing = rows * this.period - samples;
    const whole = missing > 0 ? tf.mirrorPad(audio, [[0, 0], [0, missing]], "reflect") : audio;
    const folded = tf.reshape<tf.Rank.R3>(whole, [batch, rows, this.period]);
    return tf.reshape(tf.transpose(folded, [0, 2, 1]), [batch * this.period, rows, 1]);
  }
}

/** Tells audio of the generator from real audio by what lies a period apart; keys as HiFi-GAN names them. */
export class PeriodDiscriminator extends Module {
  readonly #columns: readonly ColumnDiscriminator[];

  /** Declares the discriminators. */
  constructor(readonly hparams: PeriodDiscriminatorHParams) {
    super();
    this.#columns = hparams.periods.map((period, i) => {
      return this.child(`discriminators.${i}`, new ColumnDiscriminator(period, hparams.periodNdf));
    });
  }

  /**
   * Judges audio.
   *
   * @param audio [batch, samples], at least one period
   * @param _pass Nothing is random
   * @returns The maps of every discriminator, [batch * period, rows, channels], in the order of the periods
   * @throws {TypeError} If `audio` has another shape
   * @throws {RangeError} If it is too short to be mirrored at its end
   */
  forward(audio: Tensor2D, _pass: Pass): FeatureMaps[] {
    checkShape("PeriodDiscriminator.forward(audio)", audio, ["batch", "samples"]);
    const least = Math.max(...this.hparams.periods), samples = audio.shape[1];
    if (samples < least) {
      throw new RangeError(
        `PeriodDiscriminator.forward(audio) has ${samples} samples, expected at least ${least}; give longer audio`,
      );
    }
    return tidy(() => this.#columns.map((column) => column.forward(audio)));
  }
}
