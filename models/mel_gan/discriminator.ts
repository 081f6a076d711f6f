/**
 * The discriminators of MelGAN, each at half the rate of the one before: Kumar et al. 2019, arXiv:1910.06711, section 2.2, with
 * the layers and parameter keys of the coopertunes project.
 *
 * @module
 */
import { type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import {
  discriminatorWidths,
  leastSamples,
  type MelGanDiscriminatorHParams,
} from "../../hparams/mel_gan.ts";
import { checkShape, Conv1d, Module, type Pass, tidy } from "../nn/mod.ts";
import { filtersOf, SLOPE } from "./filters.ts";
import { reflect } from "./generator.ts";

/** Channels that a strided layer sees at once. */
const GROUP = 4;

/** What every layer of one discriminator gives, [batch, time, channels]; the last has one channel, its judgement. */
export type FeatureMaps = readonly Tensor3D[];

/** A discriminator of one scale. */
class ScaleDiscriminator extends Module {
  readonly #layers: readonly Conv1d[];

  constructor(hparams: MelGanDiscriminatorHParams) {
    super();
    const { downsampFactor: stride } = hparams;
    const widths = discriminatorWidths(hparams), last = widths.length - 1;
    const filters = filtersOf(hparams);
    const layer = (key: string, inputs: number, outputs: number, moves: Moves) => {
      const fanIn = moves.kernel * inputs / (moves.groups ?? 1), activated = inputs > 1;
      const options = { ...filters({ fanIn, activated }), ...moves };
      return this.child(`model.${key}`, new Conv1d(inputs, outputs, options));
    };
    const [ndf, ...others] = widths as [number, ...number[]];
    this.#layers = [
      layer("layer_0.1", 1, ndf, { kernel: 15 }),
      ...others.map((width, i) => {
        const before = widths[i]!;
        const moves = i + 1 < last
          ? { kernel: 10 * stride + 1, stride, padding: 5 * stride, groups: before / GROUP }
          : { kernel: 5, padding: 2 };
        return layer(`layer_${i + 1}.0`, before, width, moves);
      }),
      layer(`layer_${last + 1}`, widths[last]!, 1, { kernel: 3, padding: 1 }),
    ];
  }

  /** `x` [batch, time, 1]. */
  forward(x: Tensor3D): FeatureMaps {
    const maps: Tensor3D[] = [];
    for (const [i, layer] of this.#layers.entries()) {
      const y = layer.forward(i === 0 ? reflect(x, 7) : maps[i - 1]!);
      maps.push(i < this.#layers.length - 1 ? tf.leakyRelu(y, SLOPE) : y);
    }
    return maps;
  }
}

interface Moves {
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
}

/** Tells audio of the generator from real audio at several rates. */
export class MelGanDiscriminator extends Module {
  readonly #scales: readonly ScaleDiscriminator[];

  /** Declares the discriminators. */
  constructor(readonly hparams: MelGanDiscriminatorHParams) {
    super();
    this.#scales = Array.from({ length: hparams.numD }, (_, i) => {
      return this.child(`model.disc_${i}`, new ScaleDiscriminator(hparams));
    });
  }

  /**
   * Judges audio.
   *
   * @param audio [batch, samples]
   * @param _pass Nothing is random
   * @returns The maps of every discriminator, at full rate first
   * @throws {TypeError} If `audio` has another shape
   * @throws {RangeError} If it is too short to be mirrored at its ends
   */
  forward(audio: Tensor2D, _pass: Pass): FeatureMaps[] {
    checkShape("MelGanDiscriminator.forward(audio)", audio, ["batch", "samples"]);
    const [batch, samples] = audio.shape, least = leastSamples(this.hparams);
    if (samples < least) {
      throw new RangeError(
        `MelGanDiscriminator.forward(audio) has ${samples} samples, expected at least ${least}; give longer audio`,
      );
    }
    return tidy(() => {
      let x = tf.reshape<tf.Rank.R3>(audio, [batch, samples, 1]);
      return this.#scales.map((scale, i) => {
        if (i > 0) x = halveRate(x);
        return scale.forward(x);
      });
    });
  }
}

/** The means of 4 samples, two apart; at the ends of those that are there. */
function halveRate(x: Tensor3D): Tensor3D {
  const [batch, samples, channels] = x.shape;
  const rows = tf.reshape<tf.Rank.R4>(x, [batch, samples, 1, channels]);
  const y = tf.avgPool(rows, [4, 1], [2, 1], [[0, 0], [1, 1], [0, 0], [0, 0]]);
  return tf.reshape(y, [batch, y.shape[1], channels]);
}
