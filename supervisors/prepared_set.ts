/** Raw folders where a prepared set is asked for: prepared on the way. @module */
import { audioFormat, readAudioManifest } from "../datatools/datasets/audio_manifest.ts";
import { performanceFormat, readManifest } from "../datatools/datasets/manifest.ts";
import {
  MANIFEST_FILE,
  readSetFormat,
  type SetManifest,
} from "../datatools/datasets/set_manifest.ts";
import { downloadDataset, type DownloadName } from "../datatools/download.ts";
import { exists, walkFiles } from "../datatools/io.ts";
import {
  audioExtensions,
  prepareAudio,
  prepareMidi,
  type PrepareSetOptions,
} from "../datatools/prepare.ts";
import type { MelConfig } from "../hparams/mel_config.ts";
import type { PerformanceRnnHParams } from "../hparams/performance_rnn.ts";
import { ProgressBar } from "./logging/console.ts";
import type { Terminal } from "./outcome.ts";

/** The hparams that a prepared set of MIDI must share with the model. */
export type EncodingHParams = Pick<PerformanceRnnHParams, "codec" | "sustain">;

/** The hparams that a prepared set of audio must share with the model. */
export type SoundHParams = Pick<MelConfig, "sampleRate">;

/** Where the music is, and where it may be prepared. */
export interface DataPlace {
  /** A prepared set, or a folder of MIDI or audio files. */
  readonly data: string;
  /** Where such a folder is prepared. */
  readonly cache: string;
  /** Whether an empty `data` is filled by downloading. */
  readonly download?: boolean;
}

/**
 * The folder of a prepared set of MIDI with the encoding of `hparams`: `data` itself if it is one, else
 * `cache`, where `data` is prepared.
 *
 * @throws {Error} If `data` holds no MIDI, or is a set of another kind or encoding
 */
export async function preparedSet(
  place: DataPlace,
  { codec, sustain }: EncodingHParams,
  terminal: Terminal,
): Promise<string> {
  return await preparedSetOf(place, terminal, {
    noun: "MIDI",
    extensions: [".mid", ".midi"],
    example: ".mid",
    dataset: "classic-piano",
    format: performanceFormat.format,
    mismatch: async (dir) => {
      const found = await readManifest(dir);
      if (found.codec === codec && found.sustain === sustain) return undefined;
      return `it was prepared with codec ${found.codec} and sustain ${found.sustain}, the model needs ` +
        `codec ${codec} and sustain ${sustain}; prepare it again with these`;
    },
    prepare: async (options) => {
      const manifest = await prepareMidi({ ...options, codec, sustain });
      const { pieces, notes, seconds } = manifest.totals;
      return { manifest, holds: `${pieces} pieces, ${notes} notes, ${hours(seconds)}` };
    },
  });
}

/**
 * The folder of a prepared set of audio at the rate of `hparams`: `data` itself if it is one, else `cache`,
 * where `data` is prepared.
 *
 * @throws {Error} If `data` holds no audio, or is a set of another kind or rate
 */
export async function preparedAudioSet(
  place: DataPlace,
  { sampleRate }: SoundHParams,
  terminal: Terminal,
): Promise<string> {
  return await preparedSetOf(place, terminal, {
    noun: "audio",
    extensions: audioExtensions,
    example: ".wav",
    dataset: "ljspeech",
    format: audioFormat.format,
    mismatch: async (dir) => {
      const found = await readAudioManifest(dir);
      if (found.sampleRate === sampleRate) return undefined;
      return `it was prepared at ${found.sampleRate} Hz, the model needs ${sampleRate} Hz; ` +
        `prepare it again with --sample-rate ${sampleRate}`;
    },
    prepare: async (options) => {
      const manifest = await prepareAudio({ ...options, sampleRate });
      const { pieces, seconds } = manifest.totals;
      return { manifest, holds: `${pieces} pieces, ${hours(seconds)} at ${sampleRate} Hz` };
    },
  });
}

/** What one kind of set needs. */
interface SetNeeds {
  noun: string;
  extensions: readonly string[];
  /** The extension that errors name. */
  example: string;
  /** What fills an empty folder. */
  dataset: DownloadName;
  format: string;
  /** Why a set of this kind does not fit the model, or nothing. */
  mismatch: (dir: string) => Promise<string | undefined>;
  prepare: (options: PrepareSetOptions) => Promise<{ manifest: SetManifest; holds: string }>;
}

async function preparedSetOf(
  { data, cache, download }: DataPlace,
  terminal: Terminal,
  needs: SetNeeds,
): Promise<string> {
  if (await exists(`${data}/${MANIFEST_FILE}`)) {
    const problem = await wrongKind(data, needs) ?? await needs.mismatch(data);
    if (problem !== undefined) throw new Error(`Cannot use "${data}": ${problem}`);
    return data;
  }
  if (!await hasFiles(data, needs.extensions)) {
    if (!download) throw noFiles(data, needs);
    await fetchFiles(data, needs.dataset, terminal);
  }
  using bar = terminal.interactive ? new ProgressBar({ label: `Preparing ${data}` }) : undefined;
  const { manifest, holds } = await needs.prepare({
    source: data,
    out: cache,
    workers: navigator.hardwareConcurrency,
    onProgress: ({ done, total }) => bar?.update(done, total),
  });
  const skipped = manifest.skipped.length;
  terminal.note(
    `Prepared ${holds} into ${cache}` +
      (skipped ? `; skipped ${skipped} files, named in ${cache}/${MANIFEST_FILE}` : ""),
  );
  return cache;
}

/** What is wrong with a set of something else; a damaged one is left to its reader. */
async function wrongKind(dir: string, { format, noun }: SetNeeds): Promise<string | undefined> {
  const found = await readSetFormat(dir);
  const other = [performanceFormat, audioFormat].some((each) => each.format === found);
  if (found === format || !other) return undefined;
  return `it is a prepared set of ${noun === "MIDI" ? "audio" : "MIDI"}, the model needs ${noun}`;
}

async function hasFiles(dir: string, extensions: readonly string[]): Promise<boolean> {
  if (!await exists(dir)) return false;
  return (await walkFiles(dir, { extensions })).length > 0;
}

function noFiles(dir: string, { noun, example, dataset }: SetNeeds): Error {
  return new Error(
    `Cannot find ${noun} files in "${dir}"; put ${example} files there, fill it with ` +
      `"deno task data download ${dataset} --out ${dir}", or add --download`,
  );
}

async function fetchFiles(dir: string, dataset: DownloadName, terminal: Terminal): Promise<void> {
  using bar = terminal.interactive ? new ProgressBar({ label: `Fetching ${dir}` }) : undefined;
  const { files, failed } = await downloadDataset(dataset, {
    out: dir,
    onProgress: ({ done, total }) => bar?.update(done, total),
  });
  terminal.note(`Fetched ${files} files into ${dir}; ${failed.length} could not be had`);
}

function hours(seconds: number): string {
  return `${(seconds / 3600).toFixed(2)} h`;
}
