/**
 * Audio2Mel: from audio to log-mels on the device, differentiable; the transform that MelGAN is trained with (Kumar et al.
 * 2019, arXiv:1910.06711, section 2.1), with every setting of the mel front end.
 *
 * @module
 */
import { type Tensor2D, type Tensor3D, tf } from "../deps/tf.ts";
import { melFilterbank } from "../datatools/audio/mel.ts";
import type { MelConfig } from "../hparams/mel_config.ts";
import { checkShape, FourierFrames } from "./nn/mod.ts";

/**
 * Makes log-mels of audio; holds its basis and filterbank on the device.
 *
 * @example
 * ```ts
 * import { tf } from "../deps/tf.ts";
 * import { melPresets } from "../hparams/mel_config.ts";
 * import { openBackend } from "./device/mod.ts";
 * import { Audio2Mel } from "./audio2mel.ts";
 *
 * await openBackend("wasm");
 * using audio2mel = new Audio2Mel(melPresets["upstream-melgan"]);
 * const logMel = audio2mel.forward(tf.zeros([2, 8192]));
 * console.assert(logMel.shape.join() === "2,32,80");
 * ```
 */
export class Audio2Mel {
  /** [nMels, nFft / 2 + 1]. */
  readonly filterbank: Tensor2D;
  readonly #frames: FourierFrames;

  /** Computes basis and filterbank. */
  constructor(readonly config: MelConfig) {
    this.#frames = new FourierFrames(config);
    this.filterbank = tf.keep(
      tf.tensor2d(melFilterbank(config), [config.nMels, this.#frames.nBins]),
    );
  }

  /** Samples that are added at each end. */
  get padding(): number {
    const { nFft, hopLength, framePadding } = this.config;
    return Math.floor((framePadding === "none" ? nFft - hopLength : nFft) / 2);
  }

  /**
   * Makes log-mels.
   *
   * @param audio [batch, samples] in -1..1
   * @returns [batch, frames, nMels]; the gradient of a bin that is exactly 0 is 0
   * @throws {TypeError} If `audio` has another shape
   * @throws {RangeError} If it is too short for one frame, or to be mirrored at its ends
   */
  forward(audio: Tensor2D): Tensor3D {
    checkShape("Audio2Mel.forward(audio)", audio, ["batch", "samples"]);
    const { nMels, melPower, logBase, logFloor, logMelOffset, logMelScale } = this.config;
    return tf.tidy(() => {
      const spectra = this.#frames.forward(this.#pad(audio), melPower as 1 | 2);
      const [batch, frames, nBins] = spectra.shape;
      const rows = tf.reshape<tf.Rank.R2>(spectra, [batch * frames, nBins]);
      const mel = tf.matMul(rows, this.filterbank, false, true);
      const perNat = logBase === "10" ? Math.LOG10E : 1;
      const log = tf.mul(tf.log(tf.maximum(mel, logFloor)), perNat / logMelScale);
      const scaled = logMelOffset === 0 ? log : tf.add(log, logMelOffset / logMelScale);
      return tf.reshape(scaled, [batch, frames, nMels]);
    });
  }

  #pad(audio: Tensor2D): Tensor2D {
    const { nFft, framePadding } = this.config, { padding } = this, samples = audio.shape[1];
    const least = Math.max(nFft - 2 * padding, framePadding === "centerZero" ? 1 : padding + 1);
    if (samples < least) {
      throw new RangeError(
        `Audio2Mel.forward(audio) has ${samples} samples, expected at least ${least}; give longer audio`,
      );
    }
    if (padding === 0) return audio;
    const ends: [number, number][] = [[0, 0], [padding, padding]];
    return framePadding === "centerZero"
      ? tf.pad(audio, ends)
      : tf.mirrorPad(audio, ends, "reflect");
  }

  /** Frees basis and filterbank. */
  dispose(): void {
    this.#frames.dispose();
    this.filterbank.dispose();
  }

  /** Frees them at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
