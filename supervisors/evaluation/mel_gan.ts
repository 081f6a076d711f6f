/** `evaluate` for MelGan: how near its audio comes to unseen recordings. @module */
import { AudioDataset } from "../../datatools/datasets/audio.ts";
import { makeDir, writeAtomic } from "../../datatools/io.ts";
import { loadModel } from "../../models/registry.ts";
import { ProgressBar } from "../logging/console.ts";
import type { Outcome, Terminal } from "../outcome.ts";
import { preparedAudioSet } from "../prepared_set.ts";
import type { Sounds } from "./compared_sounds.ts";
import { dataPlace, type EvaluateFlags, nothingUnseen } from "./flags.ts";
import { folderOf, measureVocoder, type VocodedPiece } from "./vocoder.ts";
import { distanceUnits, drawSounds, vocoderTables } from "./vocoder_report.ts";

/** Pictures of the pieces in one topmost folder, and of all. */
const most = { inFolder: 2, inAll: 8 };

/** Measures what the vocoder makes of the log-mels of unseen pieces; draws a few where a folder for it is given. */
export async function evaluateMelGan(
  flags: EvaluateFlags<"mel_gan">,
  terminal: Terminal,
): Promise<Outcome> {
  using melGan = await loadModel(flags.model, flags.checkpoint, flags);
  const { config } = melGan, { seed = 0, out } = flags;
  const dir = await preparedAudioSet(await dataPlace(flags), config, terminal);
  using unseen = await AudioDataset.open(dir, { split: "valid" });
  if (unseen.pieces.length === 0) throw nothingUnseen(flags.data);
  const pictures = out === undefined ? undefined : new Pictures(out, config.sampleRate);
  using bar = terminal.interactive ? new ProgressBar({ label: "Seconds of audio" }) : undefined;
  const figures = await measureVocoder(melGan, unseen, {
    seed,
    onProgress: (done, total) => bar?.update(Math.round(done), Math.round(total)),
    onPiece: async (piece, sounds) => await pictures?.add(piece, sounds),
  });
  const files = pictures?.files ?? [];
  return {
    text: [vocoderTables(figures), ...files].join("\n"),
    data: { seed, units: distanceUnits, ...figures, files },
  };
}

/** Writes pictures of the first pieces of each topmost folder. */
class Pictures {
  /** The paths of the pictures. */
  readonly files: string[] = [];
  readonly #drawnOf = new Map<string, number>();

  /** Writes nothing yet. */
  constructor(readonly out: string, readonly sampleRate: number) {}

  /** Draws a piece if its folder has not enough pictures yet. */
  async add(piece: VocodedPiece, sounds: Sounds): Promise<void> {
    const folder = folderOf(piece.file), drawn = this.#drawnOf.get(folder) ?? 0;
    if (drawn === most.inFolder || this.files.length === most.inAll) return;
    this.#drawnOf.set(folder, drawn + 1);
    await makeDir(this.out);
    const number = String(this.files.length + 1).padStart(2, "0");
    const path = `${this.out}/${number}-${stemOf(piece.file)}.png`;
    await writeAtomic(path, drawSounds(sounds, piece, this.sampleRate));
    this.files.push(path);
  }
}

/** A file's name without folder and extension, of letters that every system allows. */
function stemOf(file: string): string {
  const name = file.slice(file.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
  return name.replaceAll(/[^\p{L}\p{N}._-]/gu, "_").slice(0, 60);
}
