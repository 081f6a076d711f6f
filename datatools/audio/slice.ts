/** Parts of sound: segments of one length, and what lies between silence. @module */
import type { Sound } from "./sound.ts";

/** How segments lie, in samples. */
export interface SegmentOptions {
  /** How long each is. */
  readonly length: number;
  /** From the start of one to the start of the next; `length` if not given. */
  readonly hopLength?: number;
  /** A last one that the sound does not fill: `pad` it with silence (the default), or `drop` it. */
  readonly last?: "pad" | "drop";
}

/**
 * Segments from the start on, until every sample is in one (`pad`) or none fits any more (`drop`). Whole ones are views
 * of `samples`.
 *
 * @throws {RangeError} If a length is not a positive whole number
 *
 * @example
 * ```ts
 * import { segments } from "./slice.ts";
 *
 * const parts = [...segments(Float32Array.of(1, 2, 3, 4, 5), { length: 2 })];
 * console.assert(parts.join(" ") === "1,2 3,4 5,0");
 * ```
 */
export function* segments(samples: Float32Array, options: SegmentOptions): Generator<Float32Array> {
  const { length, hopLength = length, last = "pad" } = options;
  checkLength("length", length);
  checkLength("hopLength", hopLength);
  for (let start = 0; start < samples.length; start += hopLength) {
    const part = samples.subarray(start, start + length);
    if (part.length === length) {
      yield part;
      if (start + length === samples.length) return;
      continue;
    }
    if (last === "pad") {
      const padded = new Float32Array(length);
      padded.set(part);
      yield padded;
    }
    return;
  }
}

/** What counts as silence. */
export interface SilenceOptions {
  /** Frames this far below the loudest are silent, in dB; 60 if not given. */
  readonly topDb?: number;
  /** In samples; 2048 if not given. */
  readonly frameLength?: number;
  /** In samples; 512 if not given. */
  readonly hopLength?: number;
}

/** A range of samples; `end` is behind the last. */
export interface SampleRange {
  readonly start: number;
  readonly end: number;
}

/** Below this root mean square frames are alike: -100 dB of full scale. */
const floorPower = 1e-10;

/**
 * The sound without the silence at both ends, as librosa's `effects.trim` cuts it: RMS of frames centred on every hop,
 * the loudest channel decides. Channels are views. Of sound that is all zero nothing is left (librosa: all of it).
 *
 * @throws {RangeError} If a length is not a positive whole number
 */
export function trimSilence(sound: Sound, options: SilenceOptions = {}): Sound {
  const { start, end } = soundRange(sound, options);
  const channels = sound.channels.map((samples) => samples.subarray(start, end));
  return { channels, sampleRate: sound.sampleRate };
}

/** Where {@linkcode trimSilence} cuts. @throws {RangeError} If a length is not a positive whole number */
export function soundRange(
  { channels }: Pick<Sound, "channels">,
  { topDb = 60, frameLength = 2048, hopLength = 512 }: SilenceOptions = {},
): SampleRange {
  checkLength("frameLength", frameLength);
  checkLength("hopLength", hopLength);
  // dB of each channel are measured against the loudest frame of all
  const powers = channels.map((samples) => framePowers(samples, frameLength, hopLength));
  const loudest = powers.flat().reduce((top, power) => Math.max(top, power), 0);
  if (loudest === 0) return { start: 0, end: 0 };
  const threshold = Math.max(loudest, floorPower) * 10 ** (-topDb / 10);
  const isSound = (i: number) => powers.some((list) => Math.max(list[i], floorPower) > threshold);
  const frames = powers[0].keys().filter(isSound).toArray();
  if (frames.length === 0) return { start: 0, end: 0 };
  return {
    start: frames[0] * hopLength,
    end: Math.min(channels[0].length, (frames.at(-1)! + 1) * hopLength),
  };
}

/** Mean squares of frames centred on each hop, with zeros around the sound. */
function framePowers(samples: Float32Array, frameLength: number, hopLength: number): number[] {
  const nFrames = 1 + Math.floor(samples.length / hopLength);
  const before = Math.floor(frameLength / 2);
  return Array.from({ length: nFrames }, (_, frame) => {
    const start = frame * hopLength - before;
    const end = Math.min(samples.length, start + frameLength);
    let sum = 0;
    for (let i = Math.max(0, start); i < end; i++) sum += samples[i] * samples[i];
    return sum / frameLength;
  });
}

function checkLength(name: string, length: number): void {
  if (Number.isInteger(length) && length > 0) return;
  throw new RangeError(`Cannot slice: ${name} is ${length}, expected a positive whole number`);
}
