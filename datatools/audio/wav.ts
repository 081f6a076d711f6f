/**
 * WAV files of 16-bit integers or 32-bit floats: the RIFF container of Microsoft and IBM, "Multimedia
 * Programming Interface and Data Specifications 1.0", 1991.
 *
 * @module
 */

/** Sound in memory: equally long channels of samples in -1..1, and the rate in Hz. */
export interface Sound {
  /** One array a channel, all of one length. */
  channels: Float32Array[];
  /** Samples a second and channel, in Hz. */
  sampleRate: number;
}

/** How samples are stored. */
export interface WavOptions {
  /** 16: integers, what every player reads (the default); 32: floats, exact. */
  bits?: 16 | 32;
}

const headerBytes = 44;
const maxChannels = 64;
const maxSampleRate = 768_000;
const formatPcm = 1;
const formatFloat = 3;
const formatExtensible = 0xfffe;

/**
 * Writes a WAV file. With 16 bits, samples outside -1..1 are clipped to full scale and never wrap around;
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
  const blockAlign = channels.length * bits / 8;
  const dataBytes = channels[0].length * blockAlign;
  if (headerBytes + dataBytes > 0xffffffff) {
    throw new RangeError(
      `Cannot write WAV: ${
        channels[0].length
      } samples in ${channels.length} channels are ${dataBytes} bytes, ` +
        "expected less than 4 GiB; write shorter pieces or use 16 bits",
    );
  }
  const bytes = new Uint8Array(headerBytes + dataBytes);
  const view = new DataView(bytes.buffer);
  writeHeader(view, { nChannels: channels.length, sampleRate, bits, dataBytes });
  for (let c = 0; c < channels.length; c++) {
    const offset = headerBytes + c * bits / 8;
    if (bits === 16) writeIntegers(view, channels[c], offset, blockAlign);
    else writeFloats(view, channels[c], offset, blockAlign);
  }
  return bytes;
}

/**
 * Reads a WAV file of 16-bit integers or 32-bit floats. Chunks other than `fmt ` and `data` are skipped.
 *
 * @throws {SyntaxError} If the bytes are no WAV file, are cut off, or use another sample format
 */
export function decodeWav(bytes: Uint8Array): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tag(view, 0) !== "RIFF" || tag(view, 8) !== "WAVE") {
    throw unreadable("the file does not start with a RIFF WAVE header; convert it to WAV first");
  }
  const chunks = findChunks(view);
  const { nChannels, sampleRate, bits } = readFormat(view, chunks.get("fmt "));
  const data = chunks.get("data");
  if (!data) throw unreadable('there is no "data" chunk; the file is incomplete');
  const bytesPerSample = bits / 8;
  const blockAlign = nChannels * bytesPerSample;
  const nFrames = Math.floor(data.size / blockAlign);
  const read = bits === 16
    ? (at: number) => view.getInt16(at, true) / 32768
    : (at: number) => view.getFloat32(at, true);
  const channels = Array.from({ length: nChannels }, (_, c) => {
    const samples = new Float32Array(nFrames);
    const first = data.start + c * bytesPerSample;
    for (let i = 0; i < nFrames; i++) samples[i] = read(first + i * blockAlign);
    return samples;
  });
  return { channels, sampleRate };
}

function checkSound(channels: readonly Float32Array[], sampleRate: number): void {
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
      `Cannot write WAV: sample ${i} of channel ${c} is ${samples[i]}, expected a finite number; ` +
        "the sound was computed wrongly, look for a division by 0 or a diverged model",
    );
  }
}

function writeHeader(
  view: DataView,
  format: { nChannels: number; sampleRate: number; bits: number; dataBytes: number },
): void {
  const { nChannels, sampleRate, bits, dataBytes } = format;
  const blockAlign = nChannels * bits / 8;
  writeTag(view, 0, "RIFF");
  view.setUint32(4, headerBytes - 8 + dataBytes, true);
  writeTag(view, 8, "WAVE");
  writeTag(view, 12, "fmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, bits === 16 ? formatPcm : formatFloat, true);
  view.setUint16(22, nChannels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * blockAlign, true);
  view.setUint16(32, blockAlign, true);
  view.setUint16(34, bits, true);
  writeTag(view, 36, "data");
  view.setUint32(40, dataBytes, true);
}

function writeIntegers(view: DataView, samples: Float32Array, offset: number, step: number): void {
  for (let i = 0; i < samples.length; i++) {
    const scaled = Math.round(samples[i] * 32768);
    view.setInt16(offset + i * step, Math.max(-32768, Math.min(32767, scaled)), true);
  }
}

function writeFloats(view: DataView, samples: Float32Array, offset: number, step: number): void {
  for (let i = 0; i < samples.length; i++) view.setFloat32(offset + i * step, samples[i], true);
}

type Chunk = { start: number; size: number };

/** The first chunk of each name. A size beyond the end of the file is an error. */
function findChunks(view: DataView): Map<string, Chunk> {
  const chunks = new Map<string, Chunk>();
  for (let at = 12; at + 8 <= view.byteLength;) {
    const name = tag(view, at);
    const size = view.getUint32(at + 4, true);
    const left = view.byteLength - at - 8;
    if (size > left) {
      throw unreadable(
        `chunk "${name}" at byte ${at} says ${size} bytes, found ${left}; the file is cut off`,
      );
    }
    if (!chunks.has(name)) chunks.set(name, { start: at + 8, size });
    at += 8 + size + size % 2;
  }
  return chunks;
}

function readFormat(view: DataView, chunk: Chunk | undefined): {
  nChannels: number;
  sampleRate: number;
  bits: number;
} {
  if (!chunk || chunk.size < 16) {
    throw unreadable('the "fmt " chunk is missing or too short; the file is damaged');
  }
  let format = view.getUint16(chunk.start, true);
  if (format === formatExtensible && chunk.size >= 26) {
    format = view.getUint16(chunk.start + 24, true);
  }
  const nChannels = view.getUint16(chunk.start + 2, true);
  const sampleRate = view.getUint32(chunk.start + 4, true);
  const bits = view.getUint16(chunk.start + 14, true);
  if (nChannels < 1 || nChannels > maxChannels || sampleRate < 1 || sampleRate > maxSampleRate) {
    throw unreadable(
      `found ${nChannels} channels at ${sampleRate} Hz, expected 1 to ${maxChannels} at 1 to ${maxSampleRate} Hz`,
    );
  }
  if (!(format === formatPcm && bits === 16) && !(format === formatFloat && bits === 32)) {
    throw unreadable(
      `found format ${format} with ${bits} bits, expected 16-bit integers (1) or 32-bit floats (3); convert it`,
    );
  }
  return { nChannels, sampleRate, bits };
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

function writeTag(view: DataView, at: number, name: string): void {
  for (let i = 0; i < 4; i++) view.setUint8(at + i, name.charCodeAt(i));
}

function unreadable(why: string): SyntaxError {
  return new SyntaxError(`Cannot read WAV: ${why}`);
}
