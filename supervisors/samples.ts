/** What a model makes while it trains: files in `samples/`, pictures and sound in the log. @module */
import { runPaths } from "../datatools/checkpoints/run_folder.ts";
import { IoError, makeDir, writeAtomic } from "../datatools/io.ts";
import type { Performance } from "../datatools/results/performance.ts";
import type { Run } from "./supervisor.ts";

/** Writes a piece as `.mid`, `.png` and, where the SoundFont may be read, `.wav`. */
export async function writePerformance(piece: Performance, run: Run, step: number): Promise<void> {
  const { samples } = runPaths(run.folder);
  const stem = `${samples}/step-${String(step).padStart(8, "0")}`;
  await makeDir(samples);
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
