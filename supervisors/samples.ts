/** What a model makes while it trains: files in `samples/`, pictures and sound in the log. @module */
import { runPaths } from "../datatools/checkpoints/run_folder.ts";
import { IoError, makeDir, writeAtomic } from "../datatools/io.ts";
import { Audio } from "../datatools/results/audio.ts";
import type { Performance } from "../datatools/results/performance.ts";
import type { Run } from "./supervisor.ts";

/** Writes a piece as `.mid`, `.png` and, where the SoundFont may be read, `.wav`. */
export async function writePerformance(piece: Performance, run: Run, step: number): Promise<void> {
  const stem = await sampleStem(run, step);
  await writeAtomic(`${stem}.mid`, piece.toMidi());
  const png = piece.toPng();
  await writeAtomic(`${stem}.png`, png);
  run.log.image("sample", png, step);
  try {
    const wav = await piece.toWav();
    await writeAtomic(`${stem}.wav`, wav);
    run.log.audio("sample", wav, step);
  } catch (error) {
    if (!(error instanceof IoError && error.kind === "not-allowed")) throw error;
    run.log.note(`No sound for the sample of step ${step}: ${error.message}`);
  }
}

/** Sound, what was made of its log-mel, and a picture of both. */
export interface Reconstruction {
  readonly original: Audio;
  readonly reconstructed: Audio;
  readonly picture: Uint8Array;
}

/** Writes a reconstruction and what it lacks of the original as `.wav`, and a `.png` of both. */
export async function writeReconstruction(
  { original, reconstructed, picture }: Reconstruction,
  run: Run,
  step: number,
): Promise<void> {
  const stem = await sampleStem(run, step);
  const difference = differenceOf(original, reconstructed);
  for (const [name, audio] of Object.entries({ original, reconstructed, difference })) {
    const wav = audio.toWav();
    await writeAtomic(`${stem}-${name}.wav`, wav);
    run.log.audio(name, wav, step);
  }
  await writeAtomic(`${stem}.png`, picture);
  run.log.image("reconstruction", picture, step);
}

/** `a` without `b`, sample by sample, as long as both are. */
function differenceOf(a: Audio, b: Audio): Audio {
  const [[x], [y]] = [a.channels, b.channels];
  const data = x!.subarray(0, y!.length).map((value, i) => value - y![i]!);
  return new Audio({ channels: [data], sampleRate: a.sampleRate, title: "difference" });
}

/** How the files of a step's sample begin; their folder is made. */
async function sampleStem(run: Run, step: number): Promise<string> {
  const { samples } = runPaths(run.folder);
  await makeDir(samples);
  return `${samples}/step-${String(step).padStart(8, "0")}`;
}
