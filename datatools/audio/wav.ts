/**
 * WAV files in memory, written with integers of 16 or 24 bits or floats of 32: the RIFF container of Microsoft and
 * IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991.
 *
 * @module
 */

import { bytesSource } from "./byte_source.ts";
import {
  checkSampleCount,
  type DamageOptions,
  maxChannels,
  maxSampleRate,
  type Sound,
} from "./sound.ts";
import { WavReader } from "./wav_reader.ts";

export type { Sound } from "./sound.ts";

/** How samples are stored. */
export interface WavOptions {
  /** 16: integers, what every player reads (the default); 24: finer ones; 32: floats, exact. */
  bits?: 16 | 24 | 32;
}

const headerBytes = 44;
const formatPcm = 1;
const formatFloat = 3;

/**
 * Writes a WAV file. With 16 or 24 bits, samples outside -1..1 are clipped to full scale and never wrap around;
 * with 32 bits they are kept.
 *
 * @param channels 1 to 64 arrays of one length
 * @param sampleRate In Hz, a whole number
 * @throws {TypeError} If there are no channels or their lengths differ
 * @throws {RangeError} If a sample is NaN or infinite, the rate is unusable, or the file would pass 4 GiB
 *
 * @example
 * ```ts
 * import { encodeWav } from "./wav.ts";
 *
 * const sine = Float32Array.from({ length: 44100 }, (_, i) => Math.sin(i * 0.0627));
 * const bytes = encodeWav([sine], 44100);
 * console.assert(bytes.length === 44 + 2 * 44100);
 * ```
 */
export function encodeWav(
  channels: readonly Float32Array[],
  sampleRate: number,
  { bits = 16 }: WavOptions = {},
): Uint8Array<ArrayBuffer> {
  checkSound(channels, sampleRate);
  const nChannels = channels.length, dataBytes = channels[0].length * nChannels * bits / 8;
  const header = wavHeader({ nChannels, sampleRate, bits, dataBytes });
  const bytes = new Uint8Array(headerBytes + dataBytes + dataBytes % 2); // chunks end evenly
  bytes.set(header);
  writeSamples(bytes.subarray(headerBytes), channels, bits);
  return bytes;
}

/**
 * Reads a WAV file; {@linkcode WavReader} says which kinds, and reads long ones piece by piece.
 *
 * @throws {SyntaxError} If the bytes are no WAV file, are damaged, have a sample that is not finite, or another format
 * @throws {RangeError} If there are more than 2^29 samples
 */
export function decodeWav(bytes: Uint8Array, options: DamageOptions = {}): Sound {
  const wav = new WavReader(bytesSource(bytes), options);
  checkSampleCount("WAV", wav.nFrames * wav.nChannels);
  return { channels: wav.read(0, wav.nFrames), sampleRate: wav.sampleRate };
}

/** Refuses what no WAV file holds; `first` is the place of the first sample in the file. @throws {TypeError | RangeError} */
export function checkSound(
  channels: readonly Float32Array[],
  sampleRate: number,
  first = 0,
): void {
  if (channels.length < 1 || channels.length > maxChannels) {
    throw new TypeError(
      `Cannot write WAV: found ${channels.length} channels, expected 1 to ${maxChannels}`,
    );
  }
  for (const [c, { length }] of channels.entries()) {
    if (length === channels[0].length) continue;
    throw new TypeError(
      `Cannot write WAV: channel ${c} has ${length} samples, expected ${
        channels[0].length
      } as in channel 0`,
    );
  }
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > maxSampleRate) {
    throw new RangeError(
      `Cannot write WAV: sampleRate is ${sampleRate}, expected a whole number in 1..${maxSampleRate} Hz`,
    );
  }
  for (const [c, samples] of channels.entries()) {
    const i = samples.findIndex((sample) => !Number.isFinite(sample));
    if (i < 0) continue;
    throw new RangeError(
      `Cannot write WAV: sample ${first + i} of channel ${c} is ${samples[i]}, ` +
        "expected a finite number; the sound was computed wrongly, look for a division by 0 or a diverged model",
    );
  }
}

/** What the header of a WAV file tells of the samples behind it. */
export interface WavFormat {
  /** How many there are. */
  readonly nChannels: number;
  /** In Hz. */
  readonly sampleRate: number;
  /** Of one sample. */
  readonly bits: number;
  /** Of all samples. */
  readonly dataBytes: number;
}

/** The bytes before the samples. @throws {RangeError} If the file would pass 4 GiB */
export function wavHeader({ nChannels, sampleRate, bits, dataBytes }: WavFormat): Uint8Array {
  const blockAlign = nChannels * bits / 8;
  if (headerBytes + dataBytes > 0xffffffff) {
    const nFrames = dataBytes / blockAlign;
    throw new RangeError(
      `Cannot write WAV: ${nFrames} samples in ${nChannels} channels are ${dataBytes} bytes, ` +
        "expected less than 4 GiB; write shorter pieces or use 16 bits",
    );
  }
  const bytes = new Uint8Array(headerBytes), view = new DataView(bytes.buffer);
  writeTag(view, 0, "RIFF");
  view.setUint32(4, headerBytes - 8 + dataBytes + dataBytes % 2, true);
  writeTag(view, 8, "WAVE");
  writeTag(view, 12, "fmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, bits === 32 ? formatFloat : formatPcm, true);
  view.setUint16(22, nChannels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * blockAlign, true);
  view.setUint16(32, blockAlign, true);
  view.setUint16(34, bits, true);
  writeTag(view, 36, "data");
  view.setUint32(40, dataBytes, true);
  return bytes;
}

/** Writes samples to the beginning of `bytes`, those of one moment side by side. */
export function writeSamples(
  bytes: Uint8Array,
  channels: readonly Float32Array[],
  bits: 16 | 24 | 32,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const blockAlign = channels.length * bits / 8;
  for (const [c, samples] of channels.entries()) {
    const offset = c * bits / 8;
    if (bits === 32) writeFloats(view, samples, offset, blockAlign);
    else if (bits === 24) writeLongIntegers(view, samples, offset, blockAlign);
    else writeIntegers(view, samples, offset, blockAlign);
  }
}

function writeIntegers(view: DataView, samples: Float32Array, offset: number, step: number): void {
  for (let i = 0; i < samples.length; i++) {
    view.setInt16(offset + i * step, toInteger(samples[i], 32768), true);
  }
}

function writeLongIntegers(
  view: DataView,
  samples: Float32Array,
  offset: number,
  step: number,
): void {
  for (let i = 0; i < samples.length; i++) {
    const value = toInteger(samples[i], 8388608);
    view.setUint8(offset + i * step, value & 255);
    view.setInt16(offset + i * step + 1, value >> 8, true);
  }
}

/** Rounded, and clipped to -full..full - 1. */
function toInteger(sample: number, full: number): number {
  return Math.max(-full, Math.min(full - 1, Math.round(sample * full)));
}

function writeFloats(view: DataView, samples: Float32Array, offset: number, step: number): void {
  for (let i = 0; i < samples.length; i++) view.setFloat32(offset + i * step, samples[i], true);
}

function writeTag(view: DataView, at: number, name: string): void {
  for (let i = 0; i < 4; i++) view.setUint8(at + i, name.charCodeAt(i));
}
