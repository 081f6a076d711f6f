/** `generate`: from a checkpoint to files one can hear and see. @module */
import { makeDir, readBytes, writeAtomic } from "../datatools/io.ts";
import type { Performance } from "../datatools/results/performance.ts";
import type { EventModelId } from "../hparams/registry.ts";
import type { EventRnn } from "../models/decoding/event_rnn.ts";
import type { GenerateOptions } from "../models/decoding/options.ts";
import type { BackendChoice } from "../models/device/mod.ts";
import { loadModel } from "../models/registry.ts";
import { ProgressBar } from "./logging/console.ts";
import { readControls, readNotes } from "./music_files.ts";
import type { Outcome, Terminal } from "./outcome.ts";
import { score } from "./score.ts";

/** What a command takes from files. */
type FromFiles = "primer" | "controls" | "controlsFrom";

/** The flags of `generate`. */
export interface GenerateFlags extends Omit<GenerateOptions, FromFiles | "onProgress"> {
  readonly model: EventModelId;
  readonly checkpoint: string;
  readonly out: string;
  readonly count: number;
  readonly primer?: string;
  readonly controlsFrom?: string;
  readonly logLikelihood?: string;
  readonly soundfont?: string;
  readonly backend?: BackendChoice;
  readonly threads?: number;
  readonly dryRun?: boolean;
}

/** Composes `count` pieces and writes each as `.mid`, `.wav` and `.png`; with `logLikelihood` scores a piece instead. */
export async function generate(flags: GenerateFlags, terminal: Terminal): Promise<Outcome> {
  if (flags.logLikelihood !== undefined) {
    return await score({ ...flags, logLikelihood: flags.logLikelihood }, terminal);
  }
  const stems = namesOf(flags.model, flags.count).map((name) => `${flags.out}/${name}`);
  if (flags.dryRun) return wouldWrite(stems);
  using rnn = await loadModel(flags.model, flags.checkpoint, flags);
  const pieces = await compose(rnn, flags, terminal);
  const files = await writePieces(pieces, stems, flags, terminal);
  return {
    text: files.join("\n"),
    data: pieces.map(({ notes, seconds }, i) => ({
      files: files.slice(3 * i, 3 * i + 3),
      notes: notes.length,
      seconds,
    })),
  };
}

/** What `dryRun` says: the files that would be written. */
export function wouldWrite(stems: readonly string[]): Outcome {
  const files = stems.flatMap(filesOf);
  return { text: `Would write ${files.join(", ")}`, data: { files } };
}

/** Writes each piece under its stem; returns the paths, three a piece. */
export async function writePieces(
  pieces: readonly Performance[],
  stems: readonly string[],
  { out, soundfont }: Pick<GenerateFlags, "out" | "soundfont">,
  terminal: Terminal,
): Promise<string[]> {
  const font = soundfont === undefined ? undefined : await readBytes(soundfont);
  await makeDir(out);
  for (const [i, piece] of pieces.entries()) {
    const [mid, wav, png] = filesOf(stems[i]!);
    if (piece.notes.length === 0) {
      terminal.note(`${stems[i]} has no notes: the model played silence`);
    }
    await writeAtomic(mid, piece.toMidi());
    await writeAtomic(png, piece.toPng());
    await writeAtomic(wav, await piece.toWav({ soundfont: font }));
  }
  return stems.flatMap(filesOf);
}

function filesOf(stem: string): [mid: string, wav: string, png: string] {
  return [`${stem}.mid`, `${stem}.wav`, `${stem}.png`];
}

function namesOf(model: EventModelId, count: number): string[] {
  const digits = Math.max(2, String(count).length);
  return Array.from({ length: count }, (_, i) => `${model}-${String(i + 1).padStart(digits, "0")}`);
}

async function compose(
  rnn: EventRnn,
  flags: GenerateFlags,
  terminal: Terminal,
): Promise<Performance[]> {
  const { primer, controlsFrom, model: _, ...options } = flags;
  const { sustain, maxLen } = rnn.hparams;
  const files = {
    primer: primer === undefined ? undefined : await readNotes(primer, sustain),
    ...await readControls(controlsFrom, sustain),
  };
  using bar = terminal.interactive ? new ProgressBar({ label: "Composing" }) : undefined;
  const pieces = await rnn.generateMany({
    ...options,
    ...files,
    onProgress: (done) => bar?.update(Math.round(100 * done), 100),
  });
  const cut = pieces.filter(({ drawn }) => flags.steps === undefined && drawn?.length === maxLen);
  if (cut.length > 0) terminal.note(`${cut.length} pieces were cut at maxLen, ${maxLen} events`);
  return pieces;
}
