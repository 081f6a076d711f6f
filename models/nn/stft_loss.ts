/**
 * The multi-resolution STFT loss: Yamamoto et al. 2020, arXiv:1910.11480, eq. 3 to 6, with the paper's three resolutions.
 *
 * @module
 */
import { type Scalar, type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import { FourierFrames, type FrameSizes } from "./fourier_frames.ts";
import { l1 } from "./losses.ts";
import { checkShape } from "./shape.ts";
import { tidy } from "./tidy.ts";

const RESOLUTIONS: readonly FrameSizes[] = [
  { nFft: 1024, winLength: 600, hopLength: 120 },
  { nFft: 2048, winLength: 1200, hopLength: 240 },
  { nFft: 512, winLength: 240, hopLength: 50 },
];
/** Smallest magnitude that the logarithm sees: -100 dB of a full-scale magnitude of 1. */
const FLOOR = 1e-5;
/** Keeps ratio and root finite at silence and at equality. */
const TINY = 1e-12;

/** Magnitudes of audio at each resolution, [batch, frames, nBins]. */
export type Spectra = readonly Tensor3D[];

/** Compares audio by its magnitudes at several resolutions; holds their bases on the device. */
export class StftLoss {
  readonly #resolutions: readonly FourierFrames[];

  /** Computes the bases; the paper's resolutions if none are given. */
  constructor(resolutions: readonly FrameSizes[] = RESOLUTIONS) {
    this.#resolutions = resolutions.map((sizes) => new FourierFrames(sizes));
  }

  /** Fewest samples that can be mirrored at their ends. */
  get leastSamples(): number {
    return Math.max(...this.#resolutions.map(({ sizes }) => sizes.nFft / 2 + 1));
  }

  /**
   * The magnitudes of audio; frame i is centred on sample i * hopLength.
   *
   * @param audio [batch, samples]
   * @throws {TypeError} If it has another shape
   * @throws {RangeError} If it is too short
   */
  spectra(audio: Tensor2D): Spectra {
    checkShape("StftLoss(audio)", audio, ["batch", "samples"]);
    if (audio.shape[1] < this.leastSamples) {
      throw new RangeError(
        `StftLoss(audio) has ${
          audio.shape[1]
        } samples, expected at least ${this.leastSamples}; give longer audio`,
      );
    }
    return tidy(() => this.#resolutions.map((frames) => frames.forward(centred(audio, frames))));
  }

  /**
   * The mean over the resolutions of spectral convergence, |S - S'| / |S|, and of the mean of |log S - log S'|.
   *
   * @param real [batch, samples]
   * @param made [batch, samples]; the gradient goes through it alone
   * @throws {TypeError} If a shape differs
   * @throws {RangeError} If the audio is too short
   */
  loss(real: Tensor2D, made: Tensor2D): Scalar {
    checkShape("StftLoss(real)", real, made.shape);
    return tidy(() => {
      const both = (s: Tensor3D, t: Tensor3D) =>
        tf.add<Scalar>(convergence(s, t), logDistance(s, t));
      return this.#mean(this.spectra(real), made, both);
    });
  }

  /** The spectral convergence of {@linkcode StftLoss.loss} alone, from the {@linkcode StftLoss.spectra} of `real`: what is loud counts. */
  convergence(real: Spectra, made: Tensor2D): Scalar {
    return this.#mean(real, made, convergence);
  }

  /** The distance of logarithms of {@linkcode StftLoss.loss} alone: what is quiet counts as much. */
  logDistance(real: Spectra, made: Tensor2D): Scalar {
    return this.#mean(real, made, logDistance);
  }

  /** The mean of a distance over the resolutions. */
  #mean(real: Spectra, made: Tensor2D, distance: (s: Tensor3D, t: Tensor3D) => Scalar): Scalar {
    return tidy(() => {
      const spectra = this.spectra(made);
      for (const [i, t] of spectra.entries()) checkShape("StftLoss(real)", real[i]!, t.shape);
      const terms = spectra.map((t, i) => distance(real[i]!, t));
      return tf.div<Scalar>(tf.addN(terms), terms.length);
    });
  }

  /** Frees the bases. */
  dispose(): void {
    for (const frames of this.#resolutions) frames.dispose();
  }

  /** Frees the bases at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The audio with half a frame mirrored at both ends, so that frame i is centred on sample i * hopLength. */
function centred(audio: Tensor2D, { sizes: { nFft } }: FourierFrames): Tensor2D {
  const padding = nFft / 2;
  return tf.mirrorPad(audio, [[0, 0], [padding, padding]], "reflect");
}

/** |S - S'| / |S| of two spectra [batch, frames, nBins]. */
function convergence(s: Tensor3D, t: Tensor3D): Scalar {
  const [apart, whole] = [tf.sub(s, t), s].map((x) => tf.sum(tf.square(x)));
  return tf.sqrt(tf.add(tf.div(apart!, tf.add(whole!, TINY)), TINY));
}

/** The mean of |log S - log S'|. */
function logDistance(s: Tensor3D, t: Tensor3D): Scalar {
  const [a, b] = [s, t].map((x) => tf.log(tf.maximum(x, FLOOR)));
  return l1(a!, b!);
}
