/** The `data` commands: download, prepare, info. @module */
import { AUDIO_FORMAT } from "../datatools/datasets/audio_manifest.ts";
import { readManifest } from "../datatools/datasets/manifest.ts";
import { readSetFormat, type SetKind } from "../datatools/datasets/set_manifest.ts";
import { downloadDataset, type DownloadName, downloadSources } from "../datatools/download.ts";
import { describeMidi, describeSet, drawMidi, formatMidi, formatSet } from "../datatools/info.ts";
import {
  describeAudio,
  drawAudio,
  formatAudio,
  isAudioFile,
} from "../datatools/info_audio_file.ts";
import { describeAudioSet, drawAudioSet, formatAudioSet } from "../datatools/info_audio_set.ts";
import { pathKind, walkFiles, writeAtomic } from "../datatools/io.ts";
import {
  audioExtensions,
  prepareAudio,
  type PrepareAudioOptions,
  prepareMidi,
  type PrepareOptions,
  type PrepareProgress,
} from "../datatools/prepare.ts";
import { ProgressBar } from "../supervisors/logging/console.ts";
import type { Outcome, Terminal } from "../supervisors/outcome.ts";

/** The flags of `data download`. */
export interface DownloadFlags {
  readonly name: DownloadName;
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
}

/** The flags of `data prepare`; those of the other kind are not given. */
export interface PrepareFlags
  extends Omit<PrepareOptions & PrepareAudioOptions, "onProgress" | "programs"> {
  readonly kind: SetKind;
  readonly programs?: number[];
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
}

/** The flags of `data info`. */
export interface InfoFlags {
  readonly source: string;
  readonly out?: string;
}

const hours = (seconds: number): string => `${(seconds / 3600).toFixed(2)} h`;

/** Fetches a data set of others. */
export async function download(flags: DownloadFlags, terminal: Terminal): Promise<Outcome> {
  const { name, out = `data/${name}`, dryRun, quiet } = flags;
  const { title, baseUrl, credit, licence } = downloadSources[name];
  if (dryRun) {
    const text = `Would fetch ${title} from ${baseUrl} into ${out}\n${credit}; ${licence}`;
    return { text, data: { name, out, baseUrl, credit, licence } };
  }
  terminal.note(`${title}\n${credit}; ${licence}`);
  using bar = quiet ? undefined : new ProgressBar({ label: `Fetching into ${out}` });
  const report = await downloadDataset(name, {
    out,
    onProgress: ({ done, total }) => bar?.update(done, total),
  });
  const failed = report.failed.map(({ file, reason }) => `failed: ${file}: ${reason}`);
  return {
    exitCode: failed.length > 0 ? 1 : 0,
    text: [...failed, `${report.files} files in ${out}, ${report.fetched} of them new`].join("\n"),
    data: { ...report, out },
  };
}

/** Turns a folder of MIDI or audio files into a prepared set. */
export async function prepare(flags: PrepareFlags, _terminal: Terminal): Promise<Outcome> {
  const { dryRun, quiet, kind, ...options } = flags;
  const { source, out } = options;
  if (dryRun) {
    const extensions = kind === "midi" ? [".mid", ".midi"] : audioExtensions;
    const { length } = await walkFiles(source, { extensions });
    const noun = kind === "midi" ? "MIDI" : "audio";
    const text = `Would prepare ${length} ${noun} files of ${source} into ${out}`;
    return { text, data: { source, out, files: length } };
  }
  using bar = quiet ? undefined : new ProgressBar({ label: `Preparing ${source}` });
  const onProgress = ({ done, total }: PrepareProgress) => bar?.update(done, total);
  const { manifest, amount } = await prepareKind(kind, { ...options, onProgress });
  const { totals, skipped } = manifest;
  const text = [
    ...skipped.map(({ file, reason }) => `skipped: ${file}: ${reason}`),
    `${totals.pieces} pieces (${totals.train} to train, ${totals.valid} to validate), ` +
    `${amount}, ${hours(totals.seconds)}, ${skipped.length} files skipped: ${out}`,
  ].join("\n");
  return { text, data: { out, totals, skipped } };
}

/** Prepares files of one kind; `amount` tells how much they hold. */
async function prepareKind(kind: SetKind, options: PrepareOptions & PrepareAudioOptions) {
  const { sampleRate, normalise, minSeconds, codec, sustain, programs, ...shared } = options;
  if (kind === "midi") {
    const manifest = await prepareMidi({ ...shared, codec, sustain, programs });
    const { notes, events } = manifest.totals;
    return { manifest, amount: `${notes} notes, ${events} events` };
  }
  const manifest = await prepareAudio({ ...shared, sampleRate, normalise, minSeconds });
  return { manifest, amount: `mono at ${manifest.sampleRate} Hz` };
}

/** Shows what a prepared set, a MIDI file or an audio file holds; with `out`, draws it. */
export async function info({ source, out }: InfoFlags, terminal: Terminal): Promise<Outcome> {
  if (await pathKind(source) === "directory") {
    return await readSetFormat(source) === AUDIO_FORMAT
      ? await audioSetInfo(source, out, terminal)
      : await midiSetInfo(source, out);
  }
  if (isAudioFile(source)) {
    const audio = await describeAudio(source);
    if (out !== undefined) await writeAtomic(out, await drawAudio(source));
    return told(formatAudio(audio), audio, { picture: out });
  }
  const midi = await describeMidi(source);
  if (out !== undefined) await writeAtomic(out, await drawMidi(source));
  return told(formatMidi(midi), midi, { pianoRoll: out });
}

async function midiSetInfo(source: string, out: string | undefined): Promise<Outcome> {
  await readManifest(source); // says what is wrong before what is asked
  if (out !== undefined) {
    throw new RangeError(
      `Cannot draw "${source}": it is a set of MIDI; --out takes the picture of a file or an audio set`,
    );
  }
  const set = await describeSet(source);
  return { text: formatSet(set), data: set };
}

async function audioSetInfo(
  source: string,
  out: string | undefined,
  terminal: Terminal,
): Promise<Outcome> {
  using bar = terminal.interactive ? new ProgressBar({ label: `Reading ${source}` }) : undefined;
  const set = await describeAudioSet(source, (done, total) => bar?.update(done, total));
  if (out !== undefined) await writeAtomic(out, drawAudioSet(set));
  return told(formatAudioSet(set), set, { picture: out });
}

/** A description, with the picture that was drawn of it. */
function told(text: string, data: object, picture: Record<string, string | undefined>): Outcome {
  const [[name, path]] = Object.entries(picture);
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return {
    text: path === undefined ? text : `${text}\n${words}: ${path}`,
    data: { ...data, ...picture },
  };
}
