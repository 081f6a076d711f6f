/** How MelGan is trained: its data, its supervisor, what it takes. @module */
import { AudioDataset } from "../datatools/datasets/audio.ts";
import { AudioBatches, AudioValidationBatches } from "../datatools/datasets/audio_batches.ts";
import type { MelGanHParams } from "../hparams/mel_gan.ts";
import type { MelGanNetworks } from "../models/mel_gan/mod.ts";
import { melGanWork } from "../models/mel_gan/work.ts";
import { type Estimate, estimateTraining } from "./estimate.ts";
import { type MelGanData, MelGanSupervisor } from "./mel_gan.ts";
import type { Terminal } from "./outcome.ts";
import { type DataPlace, preparedAudioSet } from "./prepared_set.ts";
import type { DataFlags, OpenTraining } from "./training_task.ts";

/** Length of the sound that is kept for listening. */
const SAMPLE_SECONDS = 5;

/** The training of MelGan. */
export const melGanTask = {
  async open(
    model: MelGanNetworks,
    hparams: MelGanHParams,
    flags: DataFlags,
    terminal: Terminal,
  ): Promise<OpenTraining> {
    const data = await openData(hparams, flags, terminal);
    return {
      supervisor: (run) => new MelGanSupervisor(model, hparams, run, data),
      [Symbol.dispose]: () => data[Symbol.dispose](),
    };
  },
  estimate: (hparams: MelGanHParams, parameterCount: number): Promise<Estimate> => {
    const { trainingOperations, trainingBytes } = melGanWork(hparams);
    return estimateTraining(hparams, parameterCount, {
      operations: hparams.batchSize * trainingOperations,
      bytes: hparams.batchSize * trainingBytes,
    });
  },
  unit: "samples",
  stepSize: ({ batchSize, seqLen }: MelGanHParams): string => `${batchSize} x ${seqLen} samples`,
};

/** The crops of a run, and the open files behind them. */
interface OpenData extends MelGanData, Disposable {}

async function openData(
  hparams: MelGanHParams,
  flags: DataFlags,
  terminal: Terminal,
): Promise<OpenData> {
  const { seqLen: segmentLength, batchSize, seed, minGain } = hparams;
  const openValid = async (place: DataPlace) =>
    await AudioDataset.open(await preparedAudioSet(place, hparams, terminal));
  const cache = flags.cache ?? `${flags.out}/data`;
  const { download } = flags;
  const dir = await preparedAudioSet({ data: flags.data, cache, download }, hparams, terminal);
  const trainSet = await AudioDataset.open(dir, { split: flags.valid ? undefined : "train" });
  const validSet = flags.valid
    ? await openValid({ data: flags.valid, cache: `${cache}-valid` })
    : await AudioDataset.open(dir, { split: "valid" });
  const hasValid = validSet.pieces.length > 0;
  if (!hasValid) terminal.note("No validation: no piece is kept for it");
  return {
    sample: sampleOf(hasValid ? validSet : trainSet, hparams),
    train: new AudioBatches(trainSet, { segmentLength, batchSize, seed, gainRange: [minGain, 1] }),
    valid: hasValid
      ? new AudioValidationBatches(validSet, { segmentLength, batchSize })
      : undefined,
    [Symbol.dispose]: () => {
      trainSet.close();
      validSet.close();
    },
  };
}

/** The beginning of the first piece, up to {@linkcode SAMPLE_SECONDS}; silence follows one that is shorter than a crop. */
function sampleOf(
  set: AudioDataset,
  { sampleRate, hopLength, seqLen }: MelGanHParams,
): Float32Array {
  const length = Math.min(set.pieces[0]!.samples, SAMPLE_SECONDS * sampleRate);
  const sample = new Float32Array(Math.max(seqLen, hopLength * Math.floor(length / hopLength)));
  set.read(0, 0, sample.subarray(0, length));
  return sample;
}
