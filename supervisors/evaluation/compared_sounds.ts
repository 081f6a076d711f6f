/**
 * What a recording is compared with: a vocoder's audio of its log-mel, what needs no vocoder, and bounds.
 *
 * - `melGan`: the vocoder.
 * - `griffinLim32`, `griffinLim100`: the mels turned back into magnitudes, and phases for these in 32 or 100 iterations of
 *   the fast algorithm.
 * - `truePhase`, a floor: the same magnitudes with the recording's own phases. What is left is what the mels do not tell. Only
 * in distances of mels may Griffin-Lim be nearer, since it seeks these.
 * - `shifted`, a floor: the recording itself, half a hop later. It sounds the same, so distances as small say nothing.
 * - `noise`, a ceiling: white noise as loud as the recording.
 *
 * @module
 */
import { griffinLim } from "../../datatools/audio/griffin_lim.ts";
import { invertMel } from "../../datatools/audio/mel_inversion.ts";
import { Stft } from "../../datatools/audio/stft.ts";
import {
  type AudioDistances,
  audioDistances,
  leastSamplesToCompare,
} from "../../datatools/metrics/audio.ts";
import { RandomStream } from "../../datatools/random.ts";
import { LogMel } from "../../datatools/results/log_mel.ts";
import type { MelConfig } from "../../hparams/mel_config.ts";
import type { MelGan } from "../../models/mel_gan/mod.ts";

/** What each is called in tables and pictures. */
export const comparedTitles = {
  melGan: "MelGAN",
  griffinLim32: "Griffin-Lim-32",
  griffinLim100: "Griffin-Lim-100",
  truePhase: "true phases",
  shifted: "half a hop later",
  noise: "noise",
} as const;

/** What is compared with a recording. */
export type ComparedSound = keyof typeof comparedTitles;

/** The distances of each from the recording. */
export type ComparedDistances = Record<ComparedSound, AudioDistances>;

/** A recording and what was made of its log-mel, all of one length, mono in -1..1. */
export type Sounds = Record<"original" | Exclude<ComparedSound, "shifted" | "noise">, Float32Array>;

/** Fewest samples of a recording that can be vocoded and compared, in whole hops. */
export function leastSamples({ config, leastFrames }: MelGan): number {
  const { hopLength } = config;
  const toCompare = leastSamplesToCompare(config) + halfHop(config);
  return hopLength * Math.max(leastFrames, Math.ceil(toCompare / hopLength));
}

/**
 * Makes audio of the log-mel of a recording in every way.
 *
 * @param original Whole hops, at least {@linkcode leastSamples}
 * @param seed Of Griffin-Lim's first phases
 */
export async function remakeSound(
  melGan: MelGan,
  original: Float32Array,
  seed: number,
): Promise<Sounds> {
  const { config } = melGan, { sampleRate } = config, { length } = original;
  const logMel = LogMel.fromSound({ channels: [original], sampleRate }, config);
  const { magnitude } = invertMel(logMel.toMels(), config);
  return {
    original,
    melGan: await melGan.vocode(logMel),
    griffinLim32: griffinLim(magnitude, config, { iterations: 32, seed, length }),
    griffinLim100: griffinLim(magnitude, config, { iterations: 100, seed, length }),
    truePhase: withPhasesOf(original, magnitude, config),
  };
}

/** Compares a recording with all that was made of it, and with the bounds. */
export function compareSounds(
  { original, ...made }: Sounds,
  config: MelConfig,
  seed: number,
): ComparedDistances {
  const { length } = original, late = halfHop(config);
  const to = (estimate: Float32Array) => audioDistances(original, estimate, config);
  return {
    melGan: to(made.melGan),
    griffinLim32: to(made.griffinLim32),
    griffinLim100: to(made.griffinLim100),
    truePhase: to(made.truePhase),
    shifted: audioDistances(original.subarray(late), original.subarray(0, length - late), config),
    noise: to(noiseLike(original, seed)),
  };
}

function halfHop({ hopLength }: MelConfig): number {
  return Math.ceil(hopLength / 2);
}

/** The sound with these magnitudes [frames, bins] and the phases of `original`. */
function withPhasesOf(
  original: Float32Array,
  magnitude: Float32Array,
  config: MelConfig,
): Float32Array {
  const stft = new Stft(config);
  const spectrum = stft.forward(original), { re, im } = spectrum;
  for (let i = 0; i < magnitude.length; i++) {
    const size = Math.hypot(re[i]!, im[i]!);
    const gain = size > 0 ? magnitude[i]! / size : 0;
    re[i]! *= gain;
    im[i]! *= gain;
  }
  return stft.inverse(spectrum, original.length);
}

function noiseLike(original: Float32Array, seed: number): Float32Array {
  const power = original.reduce((sum, sample) => sum + sample * sample, 0) / original.length;
  const noise = new RandomStream(seed, "evaluate/noise").normal(0, original.length);
  return noise.map((sample) => Math.sqrt(power) * sample);
}
