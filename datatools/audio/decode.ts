/** Sound out of files of any common format, which is told by their content. @module */
import { openForRandomRead, readBytes } from "../io.ts";
import { bytesAt, type ByteSource, bytesSource } from "./byte_source.ts";
import { flacBlocks } from "./flac.ts";
import { mp3Blocks } from "./mp3.ts";
import { id3Length, isMp3At } from "./mp3_frames.ts";
import { oggBlocks } from "./ogg.ts";
import { checkSampleCount, type DamageOptions, type Sound } from "./sound.ts";
import { WavReader } from "./wav_reader.ts";

/** The formats that are read. */
export type AudioFormat = "WAV" | "FLAC" | "MP3" | "Ogg";

/**
 * Reads a whole sound: WAV (see {@linkcode WavReader}), FLAC, MP3, Ogg Vorbis or Ogg Opus, whatever its name says.
 * It takes 8 bytes a sample; {@linkcode decodeBlocks} is for sound of hours.
 *
 * @param source A path, an address, or the bytes
 * @throws {SyntaxError} If it is none of these, is damaged with no `onDamage`, or has no samples
 * @throws {RangeError} If it has more than 2^29 samples
 * @throws {IoError} If it cannot be opened
 *
 * @example
 * ```ts
 * import { decodeAudio } from "./decode.ts";
 * import { encodeWav } from "./wav.ts";
 *
 * const { channels, sampleRate } = await decodeAudio(encodeWav([new Float32Array(100)], 8000));
 * console.assert(channels[0].length === 100 && sampleRate === 8000);
 * ```
 */
export async function decodeAudio(
  source: string | URL | Uint8Array,
  options: DamageOptions = {},
): Promise<Sound> {
  const blocks: Sound[] = [];
  let nFrames = 0;
  for await (const block of decodeBlocks(source, options)) {
    blocks.push(block);
    nFrames += block.channels[0].length;
    checkSampleCount("sound", nFrames * block.channels.length);
  }
  if (nFrames === 0) throw new SyntaxError("Cannot read sound: it has no samples");
  const channels = blocks[0].channels.map(() => new Float32Array(nFrames));
  let at = 0;
  for (const block of blocks) {
    for (const [c, samples] of channels.entries()) samples.set(block.channels[c], at);
    at += block.channels[0].length;
  }
  return { channels, sampleRate: blocks[0].sampleRate };
}

/**
 * Like {@linkcode decodeAudio}, a piece at a time, so that the length of the sound does not matter to memory. All
 * pieces have the same rate and number of channels. Damage may be found at the end only.
 *
 * @throws {SyntaxError} If it is no sound that is read, or is damaged with no `onDamage`
 * @throws {IoError} If it cannot be opened
 */
export async function* decodeBlocks(
  source: string | URL | Uint8Array,
  options: DamageOptions = {},
): AsyncGenerator<Sound> {
  if (source instanceof Uint8Array) {
    yield* blocksOf(bytesSource(source), options);
  } else if (/^(https?|data|blob):/i.test(String(source))) {
    yield* blocksOf(bytesSource(await readBytes(source)), options);
  } else {
    using file = openForRandomRead(source);
    yield* blocksOf(file, options);
  }
}

/** What the first bytes say; a tag in front of them (ID3) is passed over. Undefined if none of the formats. */
export function detectFormat(source: ByteSource): AudioFormat | undefined {
  const start = id3Length(source);
  const head = String.fromCharCode(...bytesAt(source, start, 12));
  if (head.startsWith("fLaC")) return "FLAC";
  if (/^(RIFF|RIFX|RF64|BW64)[^]{4}WAVE/.test(head)) return "WAV";
  if (head.startsWith("OggS")) return "Ogg";
  return start > 0 || isMp3At(source, 0) ? "MP3" : undefined;
}

async function* blocksOf(source: ByteSource, options: DamageOptions): AsyncGenerator<Sound> {
  const format = detectFormat(source);
  if (format === "WAV") yield* new WavReader(source, options).blocks();
  else if (format === "FLAC") yield* flacBlocks(source, id3Length(source), options);
  else if (format === "MP3") yield* mp3Blocks(source, options);
  else if (format === "Ogg") yield* oggBlocks(source, options);
  else throw new SyntaxError(`Cannot read sound: ${describeBytes(source)}`);
}

function describeBytes(source: ByteSource): string {
  if (source.size === 0) return "the file is empty; make it again";
  const found = bytesAt(source, 0, 8).toHex();
  return `it begins with ${found}, expected WAV, FLAC, MP3, Ogg Vorbis or Ogg Opus; convert it`;
}
