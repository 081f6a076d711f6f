/** `reconstruct`: a sound file through the log-mel of a vocoder, and back. @module */
import { logMelPieces } from "../datatools/audio/log_mel.ts";
import { monoBlocks, reasonOf } from "../datatools/audio/mono_blocks.ts";
import { Stft } from "../datatools/audio/stft.ts";
import { WavWriter } from "../datatools/audio/wav_writer.ts";
import { isSameFile, makeDir, openForRandomRead, pathKind } from "../datatools/io.ts";
import type { VocoderId } from "../hparams/registry.ts";
import type { BackendChoice } from "../models/device/mod.ts";
import type { MelGan } from "../models/mel_gan/mod.ts";
import { loadModel } from "../models/registry.ts";
import { ProgressBar } from "./logging/console.ts";
import type { Outcome, Terminal } from "./outcome.ts";
import { letSignalsIn, onStopSignal } from "./stop_signals.ts";

/** The flags of `reconstruct`. */
export interface ReconstructFlags extends ReconstructOptions {
  readonly model: VocoderId;
  readonly checkpoint: string;
  readonly backend?: BackendChoice;
  readonly threads?: number;
  readonly dryRun?: boolean;
}

/** What to vocode, and where to. */
export interface ReconstructOptions {
  /** A sound file of any format that is read. */
  readonly source: string;
  /** The WAV file to write. */
  readonly out: string;
  /** Frames that are vocoded at once. */
  readonly chunkFrames?: number;
}

/** Makes the sound of a file again out of its log-mel, with a trained vocoder. */
export async function reconstruct(flags: ReconstructFlags, terminal: Terminal): Promise<Outcome> {
  const { source, out, model, checkpoint, dryRun } = flags;
  await checkPlaces(flags);
  if (dryRun) return { text: `Would write ${out}, made of ${source}`, data: { source, file: out } };
  using vocoder = await loadModel(model, checkpoint, flags);
  return await reconstructWith(vocoder, flags, terminal);
}

/**
 * Reads, vocodes and writes piece by piece, so that the length of the sound does not matter to memory. The result is as
 * long as the sound at the vocoder's rate, and is there under its name when all of it is.
 *
 * @throws {SyntaxError} If the source is no sound that is read
 * @throws {RangeError} If it is too short
 * @throws {IoError} If it may not be read, or `out` not be written
 */
export async function reconstructWith(
  vocoder: MelGan,
  { source, out, chunkFrames }: ReconstructOptions,
  terminal: Terminal,
): Promise<Outcome> {
  const { config } = vocoder, { sampleRate, hopLength } = config;
  let isStopped = false;
  using _signals = onStopSignal(() => isStopped = true);
  using bar = terminal.interactive ? new ProgressBar({ label: "Vocoding" }) : undefined;
  const recording = new Recording(source, vocoder, (what) => {
    const note = `"${source}" is damaged: ${what}; what can be read is used`;
    bar ? bar.note(note) : terminal.note(note);
  });
  const begun = performance.now();
  await makeDirOf(out);
  await using wav = await WavWriter.open(out, { nChannels: 1, sampleRate });
  const figures = () => figuresOf(wav.nFrames / sampleRate, (performance.now() - begun) / 1000);
  const logMel = { data: logMelPieces(recording.pieces(), config), config };
  for await (const chunk of vocoder.vocodeChunks(logMel, { chunkFrames })) {
    wav.write([chunk.subarray(0, recording.nSamples - wav.nFrames)]); // without what fills the last frame
    const { seconds, timesRealTime } = figures();
    const frames = Math.ceil(wav.nFrames / hopLength);
    bar?.update(frames, 0, `frames, ${seconds.toFixed(0)} s, ${pace(timesRealTime)}`);
    await letSignalsIn();
    if (isStopped) return { exitCode: 130, text: `Stopped, ${out} was not written` };
  }
  await wav.finish();
  const data = { source, file: out, sampleRate, ...figures(), problems: recording.problems };
  const length = `${data.seconds.toFixed(2)} s of audio in ${data.wallSeconds.toFixed(2)} s`;
  const factor = `real-time factor ${data.realTimeFactor.toFixed(3)}`;
  return { text: `${out}: ${length}, ${pace(data.timesRealTime)} (${factor})`, data };
}

/** How fast `seconds` of sound were made; the real-time factor is the time that a second of sound takes. */
function figuresOf(seconds: number, wallSeconds: number) {
  const realTimeFactor = wallSeconds / seconds;
  return { seconds, wallSeconds, realTimeFactor, timesRealTime: 1 / realTimeFactor };
}

const pace = (timesRealTime: number): string =>
  `${Number(timesRealTime.toPrecision(2))} times as fast as real time`;

/** A sound file as a vocoder reads it: mono, at its rate, with silence up to the end of the last frame. */
class Recording {
  /** What is wrong with the file though it can be read. */
  readonly problems: string[] = [];
  readonly #source: string;
  readonly #vocoder: MelGan;
  readonly #onDamage: (what: string) => void;
  #nSamples = 0;

  constructor(source: string, vocoder: MelGan, onDamage: (what: string) => void) {
    this.#source = source;
    this.#vocoder = vocoder;
    this.#onDamage = onDamage;
  }

  /** Samples that were read so far, without the silence behind them. */
  get nSamples(): number {
    return this.#nSamples;
  }

  /** All samples. */
  async *pieces(): AsyncGenerator<Float32Array> {
    const { sampleRate, hopLength } = this.#vocoder.config;
    const onDamage = (message: string) => {
      const what = reasonOf(message);
      this.problems.push(what);
      this.#onDamage(what);
    };
    try {
      for await (const block of monoBlocks(this.#source, sampleRate, { onDamage })) {
        this.#nSamples += block.length;
        yield block;
      }
    } catch (cause) {
      if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause;
      throw new SyntaxError(`Cannot reconstruct "${this.#source}": ${reasonOf(cause)}`, { cause });
    }
    this.#checkLength();
    yield new Float32Array((hopLength - this.#nSamples % hopLength) % hopLength);
  }

  #checkLength(): void {
    const { config, leastFrames } = this.#vocoder, { sampleRate, hopLength } = config;
    const least = Math.max(leastFrames * hopLength, new Stft(config).leastSamples);
    if (this.#nSamples >= least) return;
    const length = (nSamples: number) =>
      `${nSamples} samples (${(nSamples / sampleRate).toFixed(3)} s)`;
    const found = length(this.#nSamples), advice = this.problems[0] ?? "give a longer sound";
    throw new RangeError(
      `Cannot reconstruct "${this.#source}": it has ${found} at ${sampleRate} Hz, ` +
        `at least ${length(least)} are needed; ${advice}`,
    );
  }
}

/** Refuses, before anything is computed, a source that is not there and a place that cannot be written. */
async function checkPlaces({ source, out }: ReconstructOptions): Promise<void> {
  openForRandomRead(source).close();
  if (!/\.wav$/i.test(out)) {
    throw new RangeError(`Cannot write "${out}": expected a name that ends in .wav`);
  }
  const kind = await pathKind(out);
  if (kind === "directory") {
    throw new RangeError(`Cannot write "${out}": it is a folder; name a file in it`);
  }
  if (kind === "file" && await isSameFile(source, out)) {
    throw new RangeError(
      `Cannot write "${out}": it is the sound that is read; choose another --out`,
    );
  }
}

async function makeDirOf(path: string): Promise<void> {
  const folder = path.replace(/[^/\\]*$/, "");
  if (folder !== "") await makeDir(folder);
}
