/**
 * The generator of MelGAN: Kumar et al. 2019, arXiv:1910.06711, section 2.1, with the layers and parameter keys of the
 * coopertunes project.
 *
 * @module
 */
import { type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import { RandomStream } from "../../datatools/random.ts";
import { leastFrames, type MelGanGeneratorHParams } from "../../hparams/mel_gan.ts";
import {
  checkShape,
  Conv1d,
  ConvTranspose1d,
  Module,
  type Pass,
  removeWeightNorm,
} from "../nn/mod.ts";
import { type Filters, filtersOf, SLOPE } from "./filters.ts";

/** Reflected at both ends for the first and the last convolution. */
const EDGE = 3;
/** Of the deviation of filters beside a shortcut and before the output: blocks start near the identity, audio starts quiet. */
const BRANCH = 0.2, QUIET = 0.05;

/** `x` [batch, time, channels] with its mirror image of `length` samples at both ends, the edges not repeated. */
export function reflect(x: Tensor3D, length: number): Tensor3D {
  return tf.mirrorPad(x, [[0, 0], [length, length], [0, 0]], "reflect");
}

/** A dilated convolution of 3 and one of 1 beside a shortcut; the paper's residual block with a learned shortcut. */
class ResidualBlock extends Module {
  readonly #wide: Conv1d;
  readonly #narrow: Conv1d;
  readonly #shortcut: Conv1d;

  constructor(width: number, readonly dilation: number, filters: Filters) {
    super();
    const wide = { ...filters({ fanIn: 3 * width }), kernel: 3, dilation };
    const narrow = { ...filters({ fanIn: width, scale: BRANCH }), kernel: 1 };
    const shortcut = { ...filters({ fanIn: width, activated: false }), kernel: 1 };
    this.#wide = this.child("block.2", new Conv1d(width, width, wide));
    this.#narrow = this.child("block.4", new Conv1d(width, width, narrow));
    this.#shortcut = this.child("shortcut", new Conv1d(width, width, shortcut));
  }

  /** Maps [batch, time, width] to itself. */
  forward(x: Tensor3D): Tensor3D {
    return tf.tidy(() => {
      const inner = this.#wide.forward(reflect(tf.leakyRelu(x, SLOPE), this.dilation));
      return tf.add(this.#shortcut.forward(x), this.#narrow.forward(tf.leakyRelu(inner, SLOPE)));
    });
  }
}

/** One upsampling and the residual blocks behind it. */
interface Stage {
  readonly up: ConvTranspose1d;
  readonly blocks: readonly ResidualBlock[];
}

/** Makes audio of log-mels. */
export class MelGanGenerator extends Module {
  /** Samples of a frame. */
  readonly hopLength: number;
  /** Fewest frames that it takes. */
  readonly leastFrames: number;
  readonly #first: Conv1d;
  readonly #stages: readonly Stage[];
  readonly #last: Conv1d;

  /** Declares the network; `weightNorm: false` gives the plain one of {@linkcode withoutWeightNorm}. */
  constructor(
    readonly hparams: MelGanGeneratorHParams,
    options: { readonly weightNorm?: boolean } = {},
  ) {
    super();
    const { nMels, ngf, generatorRatios: ratios, nResidualLayers } = hparams;
    const filters = filtersOf(hparams, options);
    this.hopLength = ratios.reduce((a, b) => a * b, 1);
    this.leastFrames = leastFrames(hparams);
    let width = ngf * 2 ** ratios.length, index = 1;
    const start = { fanIn: 7 * nMels, activated: false, scale: 1 / usual(hparams).deviation };
    const first = { ...filters(start), kernel: 7 };
    this.#first = this.child("model.1", new Conv1d(nMels, width, first));
    this.#stages = ratios.map((ratio) => {
      index += 2; // an activation stands between
      const up = this.child(`model.${index}`, upsampling(width, ratio, filters));
      width /= 2;
      const blocks = Array.from({ length: nResidualLayers }, (_, i) => {
        return this.child(`model.${++index}`, new ResidualBlock(width, 3 ** i, filters));
      });
      return { up, blocks };
    });
    const last = { ...filters({ fanIn: 7 * ngf, scale: QUIET }), kernel: 7 };
    this.#last = this.child(`model.${index + 3}`, new Conv1d(ngf, 1, last));
  }

  /** As any module, and then the first bias takes the usual log-mel away, which says nothing of a sound. */
  protected override draw(seed: number, prefix: string): void {
    super.draw(seed, prefix);
    if (this.hparams.filterInit !== "he") return;
    const { weight: { init, shape }, bias } = this.#first, { mean } = usual(this.hparams);
    const filter = init(shape, new RandomStream(seed, `${prefix}model.1.weight_v`));
    const length = filter.length / shape[0]!;
    const sums = Float32Array.from(
      { length: shape[0]! },
      (_, i) => filter.subarray(i * length, (i + 1) * length).reduce((sum, x) => sum + x, 0),
    );
    bias.assign(bias.hold(sums.map((sum) => -mean * sum)));
  }

  /**
   * Makes audio.
   *
   * @param logMel [batch, frames, nMels]
   * @param _pass Nothing is random
   * @returns [batch, frames * hopLength] in -1..1
   * @throws {TypeError} If `logMel` has another shape
   * @throws {RangeError} If it has too few frames to be mirrored at its ends
   */
  forward(logMel: Tensor3D, _pass: Pass): Tensor2D {
    checkShape("MelGanGenerator.forward(logMel)", logMel, ["batch", "frames", this.hparams.nMels]);
    const [batch, frames] = logMel.shape;
    if (frames < this.leastFrames) {
      throw new RangeError(
        `MelGanGenerator.forward(logMel) has ${frames} frames, expected at least ${this.leastFrames}; give longer audio`,
      );
    }
    return tf.tidy(() => {
      let x = this.#first.forward(reflect(logMel, EDGE));
      for (const { up, blocks } of this.#stages) {
        x = up.forward(tf.leakyRelu(x, SLOPE));
        for (const block of blocks) x = block.forward(x);
      }
      const y = tf.tanh(this.#last.forward(reflect(tf.leakyRelu(x, SLOPE), EDGE)));
      return tf.reshape(y, [batch, frames * this.hopLength]);
    });
  }

  /** A network of its own with the same output, its filters worked out: for use, not for training. */
  withoutWeightNorm(): MelGanGenerator {
    const plain = new MelGanGenerator(this.hparams, { weightNorm: false });
    removeWeightNorm(this, plain);
    return plain;
  }

  /** Frames on either side that a frame's samples depend on; what lies beyond does not change them. */
  get contextFrames(): number {
    const { generatorRatios, nResidualLayers } = this.hparams;
    const ofBlocks = (3 ** nResidualLayers - 1) / 2; // 1 + 3 + 9 + ...
    let before = EDGE, after = EDGE;
    for (const ratio of generatorRatios.toReversed()) {
      // input i writes the outputs i ratio - padding to i ratio - padding + 2 ratio - 1
      const padding = Math.ceil(ratio / 2);
      before = Math.floor((before + ofBlocks + 2 * ratio - 1 - padding) / ratio);
      after = Math.floor((after + ofBlocks + ratio - 1 + padding) / ratio);
    }
    return Math.max(before, after) + EDGE;
  }
}

/** Roughly what log-mels are: half way from the floor of the logarithm to a magnitude of 1, four deviations apart. */
function usual({ logBase, logFloor, logMelOffset, logMelScale }: MelGanGeneratorHParams) {
  const floor = logBase === "10" ? Math.log10(logFloor) : Math.log(logFloor);
  return {
    mean: (floor / 2 + logMelOffset) / logMelScale,
    deviation: -floor / 4 / logMelScale,
  };
}

/** From `width` channels to half of them, and `ratio` samples for one; odd ratios as upstream pads them. */
function upsampling(width: number, ratio: number, filters: Filters): ConvTranspose1d {
  return new ConvTranspose1d(width, width / 2, {
    ...filters({ fanIn: 2 * width }), // two taps meet in a sample
    kernel: 2 * ratio,
    stride: ratio,
    padding: Math.floor(ratio / 2) + ratio % 2,
    outputPadding: ratio % 2,
  });
}
