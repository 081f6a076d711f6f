/** The `data` commands: download, prepare, info. @module */
import { readManifest } from "../datatools/datasets/manifest.ts";
import { downloadDataset, type DownloadName, downloadSources } from "../datatools/download.ts";
import { describeMidi, describeSet, drawMidi, formatMidi, formatSet } from "../datatools/info.ts";
import { pathKind, walkFiles, writeAtomic } from "../datatools/io.ts";
import { prepareMidi, type PrepareOptions } from "../datatools/prepare.ts";
import { ProgressBar } from "../supervisors/logging/console.ts";
import type { Outcome, Terminal } from "../supervisors/outcome.ts";

/** The flags of `data download`. */
export interface DownloadFlags {
  readonly name: DownloadName;
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
}

/** The flags of `data prepare`. */
export interface PrepareFlags extends Omit<PrepareOptions, "onProgress"> {
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

/** Turns a folder of MIDI files into a prepared set. */
export async function prepare(flags: PrepareFlags, _terminal: Terminal): Promise<Outcome> {
  const { dryRun, quiet, ...options } = flags;
  const { source, out } = options;
  if (dryRun) {
    const files = await walkFiles(source, { extensions: [".mid", ".midi"] });
    const text = `Would prepare ${files.length} MIDI files of ${source} into ${out}`;
    return { text, data: { source, out, files: files.length } };
  }
  using bar = quiet ? undefined : new ProgressBar({ label: `Preparing ${source}` });
  const manifest = await prepareMidi({
    ...options,
    onProgress: ({ done, total }) => bar?.update(done, total),
  });
  const { totals, skipped } = manifest;
  const text = [
    ...skipped.map(({ file, reason }) => `skipped: ${file}: ${reason}`),
    `${totals.pieces} pieces (${totals.train} to train, ${totals.valid} to validate), ` +
    `${totals.notes} notes, ${totals.events} events, ${hours(totals.seconds)}, ` +
    `${skipped.length} files skipped: ${out}`,
  ].join("\n");
  return { text, data: { out, totals, skipped } };
}

/** Shows what a prepared set or a MIDI file holds; with `out`, draws the piano roll of the file. */
export async function info({ source, out }: InfoFlags, _terminal: Terminal): Promise<Outcome> {
  if (await pathKind(source) === "directory") {
    await readManifest(source); // says what a folder without one is
    if (out !== undefined) {
      throw new RangeError(
        `Cannot draw "${source}": it is a folder; --out takes the piano roll of one MIDI file`,
      );
    }
    const set = await describeSet(source);
    return { text: formatSet(set), data: set };
  }
  const midi = await describeMidi(source);
  if (out !== undefined) await writeAtomic(out, await drawMidi(source));
  const text = formatMidi(midi) + (out === undefined ? "" : `\npiano roll: ${out}`);
  return { text, data: { ...midi, pianoRoll: out } };
}
