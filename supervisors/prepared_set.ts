/** Raw folders where a prepared set is asked for: prepared on the way. @module */
import { readManifest, setFiles } from "../datatools/datasets/manifest.ts";
import { downloadDataset } from "../datatools/download.ts";
import { exists, walkFiles } from "../datatools/io.ts";
import { prepareMidi } from "../datatools/prepare.ts";
import type { PerformanceRnnHParams } from "../hparams/performance_rnn.ts";
import { ProgressBar } from "./logging/console.ts";
import type { Terminal } from "./outcome.ts";

/** The hparams that a prepared set must share with the model. */
export type EncodingHParams = Pick<PerformanceRnnHParams, "codec" | "sustain">;

/** Where the music is, and where it may be prepared. */
export interface DataPlace {
  /** A prepared set, or a folder of MIDI files. */
  readonly data: string;
  /** Where a folder of MIDI files is prepared. */
  readonly cache: string;
  /** Whether an empty `data` is filled by downloading. */
  readonly download?: boolean;
}

/**
 * The folder of a prepared set with the encoding of `hparams`: `data` itself if it is one, else `cache`,
 * where `data` is prepared.
 *
 * @throws {Error} If `data` holds no MIDI, or is a set of another encoding
 */
export async function preparedSet(
  { data, cache, download }: DataPlace,
  hparams: EncodingHParams,
  terminal: Terminal,
): Promise<string> {
  const { codec, sustain } = hparams;
  if (await exists(`${data}/${setFiles.manifest}`)) {
    const manifest = await readManifest(data);
    if (manifest.codec !== codec || manifest.sustain !== sustain) {
      throw new Error(
        `Cannot use "${data}": it was prepared with codec ${manifest.codec} and sustain ${manifest.sustain}, ` +
          `the model needs codec ${codec} and sustain ${sustain}; prepare it again with these`,
      );
    }
    return data;
  }
  if (!await hasMidi(data)) {
    if (!download) throw noMidi(data);
    await fetchPieces(data, terminal);
  }
  using bar = terminal.interactive ? new ProgressBar({ label: `Preparing ${data}` }) : undefined;
  const manifest = await prepareMidi({
    source: data,
    out: cache,
    codec,
    sustain,
    workers: navigator.hardwareConcurrency,
    onProgress: ({ done, total }) => bar?.update(done, total),
  });
  const { pieces, notes, seconds } = manifest.totals;
  const skipped = manifest.skipped.length;
  terminal.note(
    `Prepared ${pieces} pieces, ${notes} notes, ${(seconds / 3600).toFixed(2)} h into ${cache}` +
      (skipped ? `; skipped ${skipped} files, named in ${cache}/${setFiles.manifest}` : ""),
  );
  return cache;
}

async function hasMidi(dir: string): Promise<boolean> {
  if (!await exists(dir)) return false;
  return (await walkFiles(dir, { extensions: [".mid", ".midi"] })).length > 0;
}

function noMidi(dir: string): Error {
  return new Error(
    `Cannot find MIDI files in "${dir}"; put .mid files there, fill it with ` +
      `"deno task data download classic-piano --out ${dir}", or add --download`,
  );
}

async function fetchPieces(dir: string, terminal: Terminal): Promise<void> {
  using bar = terminal.interactive ? new ProgressBar({ label: `Fetching ${dir}` }) : undefined;
  const { files, failed } = await downloadDataset("classic-piano", {
    out: dir,
    onProgress: ({ done, total }) => bar?.update(done, total),
  });
  terminal.note(`Fetched ${files} files into ${dir}; ${failed.length} could not be had`);
}
