/** What an audio file holds, as plain values, as text and as a picture. @module */
import { decodeBlocks, detectFormat } from "./audio/decode.ts";
import { spectralCentroid } from "./audio/spectral_centroid.ts";
import { LoudnessMeter } from "./audio/loudness.ts";
import { mixToMono } from "./audio/mix.ts";
import { reasonOf } from "./audio/mono_blocks.ts";
import { peakDb } from "./audio/normalise.ts";
import type { Sound } from "./audio/sound.ts";
import { estimateTempo, minOnsetRate } from "./audio/tempo.ts";
import { formatTime } from "./info_text.ts";
import { openForRandomRead } from "./io.ts";
import { audioExtensions } from "./prepare_audio.ts";
import { drawSound } from "./plot/sound_picture.ts";

/** What an audio file holds. */
export interface AudioDescription {
  /** The file, as it was given. */
  file: string;
  /** What it is by its content: WAV, FLAC, MP3 or Ogg. */
  format: string;
  /** Its size in bytes. */
  bytes: number;
  /** In Hz. */
  sampleRate: number;
  /** How many there are. */
  channels: number;
  /** How long it lasts. */
  seconds: number;
  /** The highest absolute sample in dB of full scale; null for silence. */
  peakDb: number | null;
  /** In LUFS; null where nothing is above -70, or below 4000 Hz. */
  loudness: number | null;
  /** The first so many seconds are what the next two are of. */
  describedSeconds: number;
  /** The spectral centroid in Hz; null for silence. */
  centroid: number | null;
  /** The estimated tempo in beats a minute; null where nothing starts, or below 1000 Hz. */
  tempo: number | null;
  /** What is wrong with the file though it can be read. */
  problems: string[];
}

/** More samples than this, of all channels, are neither drawn nor described: 6 minutes of a stereo disc. */
export const MAX_DESCRIBED_SAMPLES = 2 ** 25;
/** More channels are not drawn. */
const MAX_CHANNELS = 8;
/** Below this rate loudness is not defined. */
const MIN_LOUDNESS_RATE = 4000;

/** Whether a file is audio, by its content, or by its name if it is damaged. @throws {IoError} If it may not be read */
export function isAudioFile(path: string): boolean {
  const name = path.toLowerCase();
  return audioExtensions.some((end) => name.endsWith(end)) || lookAt(path).format !== "unknown";
}

/**
 * Tells what an audio file holds; its length does not matter to memory. Of a damaged file, what can be read.
 *
 * @param path A path
 * @throws {IoError} If it may not be read
 * @throws {SyntaxError} If it is no audio file, or has no samples
 */
export async function describeAudio(path: string): Promise<AudioDescription> {
  const problems: string[] = [];
  const onDamage = (what: string) => void problems.push(reasonOf(what));
  const { format, bytes } = lookAt(path);
  const excerpt = new Excerpt();
  let [nFrames, peak] = [0, -Infinity];
  let meter: LoudnessMeter | undefined;
  for await (const block of decode(path, onDamage)) {
    excerpt.push(block);
    nFrames += block.channels[0].length;
    peak = Math.max(peak, peakDb(block));
    if (block.sampleRate < MIN_LOUDNESS_RATE) continue;
    meter ??= new LoudnessMeter(block.sampleRate, block.channels.length);
    meter.push(block.channels);
  }
  if (nFrames === 0) {
    throw new SyntaxError(
      `Cannot read "${path}": ${["it has no samples", ...problems].join("; ")}`,
    );
  }
  const { channels, sampleRate } = excerpt.sound();
  const mono = mixToMono({ channels });
  return {
    file: path,
    format,
    bytes,
    sampleRate,
    channels: excerpt.nChannels,
    seconds: nFrames / sampleRate,
    peakDb: finite(peak),
    loudness: finite(meter?.lufs() ?? -Infinity),
    describedSeconds: mono.length / sampleRate,
    centroid: spectralCentroid(mono, sampleRate),
    tempo: sampleRate < minOnsetRate ? null : estimateTempo(mono, sampleRate),
    problems,
  };
}

/** The description of an audio file as lines of text. */
export function formatAudio(audio: AudioDescription): string {
  const { sampleRate, channels, seconds, describedSeconds } = audio;
  const part = describedSeconds < seconds ? ` of the first ${formatTime(describedSeconds)}` : "";
  const level = (value: number | null, unit: string, otherwise = "none, it is silent") =>
    value === null ? otherwise : `${value.toFixed(1)} ${unit}`;
  const quiet = sampleRate < MIN_LOUDNESS_RATE
    ? `not defined below ${MIN_LOUDNESS_RATE} Hz`
    : "none, nothing is above -70 LUFS";
  return [
    `${audio.file}: ${audio.format}, ${audio.bytes} bytes`,
    `duration  ${seconds < 60 ? `${seconds.toFixed(2)} s` : formatTime(seconds)}`,
    `rate      ${sampleRate} Hz, ${channels} ${channels === 1 ? "channel" : "channels"}`,
    `peak      ${level(audio.peakDb, "dB of full scale")}`,
    `loudness  ${level(audio.loudness, "LUFS", audio.peakDb === null ? undefined : quiet)}`,
    ...audio.centroid === null ? [] : [`centroid  ${Math.round(audio.centroid)} Hz${part}`],
    ...audio.tempo === null ? [] : [`tempo     ${Math.round(audio.tempo)} bpm, estimated${part}`],
    ...audio.problems.map((problem) => `damaged   ${problem}`),
  ].join("\n");
}

/**
 * Draws an audio file, or its beginning if it is long: the waveform and the spectrogram of its first channel.
 *
 * @param path A path
 * @returns A PNG file
 * @throws Like {@linkcode describeAudio}
 */
export async function drawAudio(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const excerpt = new Excerpt();
  for await (const block of decode(path, () => {})) {
    if (!excerpt.push(block)) break;
  }
  const name = path.slice(path.search(/[^/\\]*$/));
  return drawSound(excerpt.sound(), excerpt.isFull ? `${name}, its beginning` : name);
}

/** Blocks of a file; errors name it. */
async function* decode(path: string, onDamage: (what: string) => void): AsyncGenerator<Sound> {
  try {
    yield* decodeBlocks(path, { onDamage });
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SyntaxError(`Cannot read "${path}": ${reasonOf(cause)}`, { cause });
  }
}

function lookAt(path: string): { format: string; bytes: number } {
  using file = openForRandomRead(path);
  return { format: detectFormat(file) ?? "unknown", bytes: file.size };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The beginning of a sound, as much as is drawn and described. */
class Excerpt {
  readonly #blocks: Float32Array[][] = [];
  #sampleRate = 0;
  #nChannels = 0;
  #nFrames = 0;

  /** Channels of the whole sound; the excerpt has at most eight of them. */
  get nChannels(): number {
    return this.#nChannels;
  }

  /** Whether more was pushed than it holds. */
  get isFull(): boolean {
    return this.#nFrames * Math.min(this.#nChannels, MAX_CHANNELS) >= MAX_DESCRIBED_SAMPLES;
  }

  /** Keeps the next samples; false if it holds no more. */
  push({ channels, sampleRate }: Sound): boolean {
    this.#sampleRate = sampleRate;
    this.#nChannels = channels.length;
    if (this.isFull) return false;
    this.#blocks.push(channels.slice(0, MAX_CHANNELS));
    this.#nFrames += channels[0].length;
    return true;
  }

  /** What it holds. @throws {SyntaxError} If that is nothing */
  sound(): Sound {
    const nFrames = this.#nFrames;
    if (nFrames === 0) throw new SyntaxError("Cannot draw this sound: it has no samples");
    const channels = this.#blocks[0].map((_, c) => {
      const samples = new Float32Array(nFrames);
      let at = 0;
      for (const block of this.#blocks) {
        samples.set(block[c], at);
        at += block[c].length;
      }
      return samples;
    });
    return { channels, sampleRate: this.#sampleRate };
  }
}
