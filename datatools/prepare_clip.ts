/** One audio file to the samples that a prepared set holds: what each worker of `prepareAudio` does. @module */
import { LoudnessMeter } from "./audio/loudness.ts";
import { monoBlocks, reasonOf } from "./audio/mono_blocks.ts";
import type { AudioSettings } from "./datasets/audio_manifest.ts";

/** Where `normalise: "peak"` puts the highest sample, of full scale: as the original does. */
export const NORMALISED_PEAK = 0.95;
/** A clip with more samples than this, 12 minutes at 22050 Hz, is not held in memory. */
export const MAX_CLIP_SAMPLES = 2 ** 24;
/** A clip whose highest sample is below this, -80 dB of full scale, is silent. */
const SILENCE = 1e-4;
const FULL_SCALE = 32768;

/** What an audio file became. */
export interface EncodedClip extends ClipFigures {
  /** [samples], mono at the rate asked for. */
  samples: Int16Array<ArrayBuffer>;
}

/** What is told of a clip, as it is stored. */
export interface ClipFigures {
  /** In LUFS, to two decimals; null where nothing is above -70. */
  loudness: number | null;
  /** The highest absolute sample, 0..1. */
  peak: number;
}

/** A clip, or why there is none; `isLong`: it has more samples than are held in memory. */
export type ClipResult = EncodedClip | { reason: string } | { isLong: true };

/**
 * Encodes one audio file. It never throws: whatever is wrong with the bytes becomes a reason.
 *
 * @param bytes The content of a WAV, FLAC, MP3 or Ogg file
 */
export async function encodeClip(
  bytes: Uint8Array<ArrayBuffer>,
  settings: AudioSettings,
): Promise<ClipResult> {
  try {
    const level = new ClipLevel(settings);
    const blocks: Float32Array[] = [];
    for await (const block of monoBlocks(bytes, settings.sampleRate)) {
      level.push(block);
      if (level.nSamples > MAX_CLIP_SAMPLES) return { isLong: true };
      blocks.push(block);
    }
    const reason = level.refusal();
    if (reason !== undefined) return { reason };
    const quantiser = new ClipQuantiser(level.gain, settings.sampleRate);
    const samples = new Int16Array(level.nSamples);
    let at = 0;
    for (const block of blocks) {
      samples.set(quantiser.push(block), at);
      at += block.length;
    }
    return { samples, ...quantiser.figures() };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

/** The first pass over a clip: how long and how high it is. */
export class ClipLevel {
  readonly #settings: AudioSettings;
  #nSamples = 0;
  #peak = 0;

  /** A clip without samples yet. */
  constructor(settings: AudioSettings) {
    this.#settings = settings;
  }

  /** How many samples it has. */
  get nSamples(): number {
    return this.#nSamples;
  }

  /** Takes the next samples. */
  push(block: Float32Array): void {
    this.#nSamples += block.length;
    for (let i = 0; i < block.length; i++) this.#peak = Math.max(this.#peak, Math.abs(block[i]));
  }

  /** Why the clip is left out, or nothing. */
  refusal(): string | undefined {
    const { minSeconds, sampleRate } = this.#settings;
    const seconds = this.#nSamples / sampleRate;
    if (this.#nSamples === 0) return "too short: it has no samples";
    if (seconds < minSeconds) {
      return `too short: ${Number(seconds.toFixed(3))} s, at least ${minSeconds} s are needed`;
    }
    if (this.#peak < SILENCE) return "silent: no sample is above -80 dB of full scale";
    return undefined;
  }

  /** What the samples are to be multiplied by. */
  get gain(): number {
    return this.#settings.normalise === "peak" ? NORMALISED_PEAK / this.#peak : 1;
  }
}

/** The second pass: samples become 16-bit integers, clipped at full scale, and are measured. */
export class ClipQuantiser {
  readonly #gain: number;
  readonly #meter: LoudnessMeter;
  #peak = 0;

  /** @param gain What the samples are multiplied by first */
  constructor(gain: number, sampleRate: number) {
    this.#gain = gain;
    this.#meter = new LoudnessMeter(sampleRate, 1);
  }

  /** The next samples as they are stored. */
  push(block: Float32Array): Int16Array<ArrayBuffer> {
    const stored = new Int16Array(block.length);
    const heard = new Float32Array(block.length);
    for (let i = 0; i < block.length; i++) {
      const scaled = Math.round(block[i] * this.#gain * FULL_SCALE);
      stored[i] = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, scaled));
      heard[i] = stored[i] / FULL_SCALE;
      this.#peak = Math.max(this.#peak, Math.abs(heard[i]));
    }
    this.#meter.push([heard]);
    return stored;
  }

  /** What all samples give. */
  figures(): ClipFigures {
    const lufs = this.#meter.lufs();
    return {
      loudness: lufs === -Infinity ? null : Math.round(lufs * 100) / 100,
      peak: this.#peak,
    };
  }
}
