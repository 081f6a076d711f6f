/** `generate`: from a checkpoint to files one can hear and see. @module */
import { makeDir, readBytes, writeAtomic } from "../datatools/io.ts";
import { readMidi } from "../datatools/midi/smf.ts";
import type { Performance } from "../datatools/results/performance.ts";
import type { ModelId } from "../hparams/registry.ts";
import type { EventRnn } from "../models/decoding/event_rnn.ts";
import type { GenerateOptions } from "../models/decoding/options.ts";
import type { BackendChoice } from "../models/device/mod.ts";
import { loadModel } from "../models/registry.ts";
import { ProgressBar } from "./logging/console.ts";
import type { Outcome, Terminal } from "./outcome.ts";

/** The flags of `generate`. */
export interface GenerateFlags extends Omit<GenerateOptions, "controlsFrom" | "onProgress"> {
  readonly model: ModelId;
  readonly checkpoint: string;
  readonly out: string;
  readonly count: number;
  readonly controlsFrom?: string;
  readonly soundfont?: string;
  readonly backend?: BackendChoice;
  readonly threads?: number;
  readonly dryRun?: boolean;
}

/** Composes `count` pieces and writes each as `.mid`, `.wav` and `.png`. */
export async function generate(flags: GenerateFlags, terminal: Terminal): Promise<Outcome> {
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

function namesOf(model: ModelId, count: number): string[] {
  const digits = Math.max(2, String(count).length);
  return Array.from({ length: count }, (_, i) => `${model}-${String(i + 1).padStart(digits, "0")}`);
}

async function compose(
  rnn: EventRnn,
  flags: GenerateFlags,
  terminal: Terminal,
): Promise<Performance[]> {
  const { controlsFrom, model: _, ...options } = flags;
  using bar = terminal.interactive ? new ProgressBar({ label: "Composing" }) : undefined;
  const pieces = await rnn.generateMany({
    ...options,
    controlsFrom: controlsFrom === undefined
      ? undefined
      : readMidi(await readBytes(controlsFrom)).notes,
    onProgress: (done) => bar?.update(Math.round(100 * done), 100),
  });
  const { maxLen } = rnn.hparams;
  const cut = pieces.filter(({ drawn }) => flags.steps === undefined && drawn?.length === maxLen);
  if (cut.length > 0) terminal.note(`${cut.length} pieces were cut at maxLen, ${maxLen} events`);
  return pieces;
}
