/** Spectra of frames of audio as one product with a windowed Fourier basis, differentiable. @module */
import { type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import { padWindow, windowOf } from "../../datatools/audio/window.ts";
import { convolution1d } from "../device/mod.ts";

/** How audio is cut. */
export interface FrameSizes {
  /** Samples of a frame. */
  readonly nFft: number;
  /** Samples under the Hann window in its middle. */
  readonly winLength: number;
  /** Samples between the starts of two frames. */
  readonly hopLength: number;
}

/** Below this, a magnitude's direction counts as 0. */
const TINY = 1e-20;

/** Magnitudes of the short-time Fourier transform; holds its basis on the device. */
export class FourierFrames {
  /** nFft / 2 + 1. */
  readonly nBins: number;
  readonly #basis: Tensor3D;
  /** Samples that hop and window are both whole numbers of: the channels of the convolution. */
  readonly #block: number;

  /** Computes the basis. */
  constructor(readonly sizes: FrameSizes) {
    const { nFft, winLength, hopLength } = sizes;
    this.nBins = nFft / 2 + 1;
    this.#block = commonDivisor(hopLength, winLength);
    const shape: [number, number, number] = [
      winLength / this.#block,
      this.#block,
      2 * this.nBins,
    ];
    this.#basis = tf.keep(tf.tensor3d(basisOf(sizes), shape));
  }

  /** Frames that fit into `samples`, none of them reaching beyond an end. */
  nFrames(samples: number): number {
    return Math.floor((samples - this.sizes.nFft) / this.sizes.hopLength) + 1;
  }

  /**
   * The magnitudes, or their squares.
   *
   * @param audio [batch, samples], padded already
   * @param power 1 or 2
   * @returns [batch, frames, nBins]; the gradient at silence is 0
   */
  forward(audio: Tensor2D, power: 1 | 2 = 1): Tensor3D {
    return tf.tidy(() => {
      const spectra = this.#spectra(audio);
      if (power === 1) return magnitudes(spectra);
      const [re, im] = tf.split(tf.square(spectra), 2, 2) as [Tensor3D, Tensor3D];
      return tf.add(re, im);
    });
  }

  /** Real, then imaginary parts [batch, frames, 2 * nBins]. */
  #spectra(audio: Tensor2D): Tensor3D {
    const { nFft, winLength, hopLength } = this.sizes, [batch, samples] = audio.shape;
    const start = windowStart(this.sizes);
    const length = (this.nFrames(samples) - 1) * hopLength + winLength;
    if (this.nFrames(samples) < 1) {
      throw new RangeError(
        `FourierFrames: audio has ${samples} samples, expected at least ${nFft}; give longer audio`,
      );
    }
    const used = tf.slice(audio, [0, start], [batch, length]);
    const blocks = tf.reshape<tf.Rank.R3>(used, [batch, length / this.#block, this.#block]);
    return convolution1d(blocks, this.#basis, { stride: hopLength / this.#block });
  }

  /** Frees the basis. */
  dispose(): void {
    this.#basis.dispose();
  }
}

function windowStart({ nFft, winLength }: FrameSizes): number {
  return Math.floor((nFft - winLength) / 2);
}

/** [winLength, 2 * nBins]: the windowed cosines, then the negative sines, of every sample under the window. */
function basisOf(sizes: FrameSizes): Float32Array {
  const { nFft, winLength } = sizes, nBins = nFft / 2 + 1, start = windowStart(sizes);
  const window = padWindow(windowOf("hann", winLength), nFft);
  const angles = Float64Array.from({ length: nFft }, (_, i) => 2 * Math.PI * i / nFft);
  const cosines = angles.map(Math.cos), sines = angles.map(Math.sin);
  const basis = new Float32Array(winLength * 2 * nBins);
  for (let t = 0; t < winLength; t++) {
    const weight = window[start + t]!, row = 2 * nBins * t;
    for (let k = 0; k < nBins; k++) {
      const angle = (k * (start + t)) % nFft; // in nFft-ths of a turn
      basis[row + k] = weight * cosines[angle]!;
      basis[row + nBins + k] = -weight * sines[angle]!;
    }
  }
  return basis;
}

/** |re + i im| of [batch, frames, 2 * nBins]; its derivative at 0, which does not exist, is taken as 0. */
const magnitudes = tf.customGrad((...given) => {
  const [spectra, save] = given as unknown as [Tensor3D, (tensors: tf.Tensor[]) => void];
  const [re, im] = tf.split(tf.square(spectra), 2, 2) as [Tensor3D, Tensor3D];
  const value = tf.sqrt(tf.add(re, im)) as Tensor3D;
  save([spectra, value]);
  const gradFunc = (dy: Tensor3D, saved: tf.Tensor[]) => {
    const [spectra, value] = saved as [Tensor3D, Tensor3D];
    const scale = tf.div(dy, tf.maximum(value, TINY));
    return tf.mul(spectra, tf.concat([scale, scale], 2));
  };
  return { value, gradFunc } as ReturnType<Parameters<typeof tf.customGrad>[0]>;
}) as (spectra: Tensor3D) => Tensor3D;

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
