/** `generate --log-likelihood`: how likely a model holds a performance to be. @module */
import { encodeEvents } from "../datatools/midi/event_codec.ts";
import type { EventModelId } from "../hparams/registry.ts";
import { controlsDuring, controlTrack, ownControls } from "../models/decoding/controls.ts";
import type { ControlRows } from "../models/decoding/controls.ts";
import type { EventRnn } from "../models/decoding/event_rnn.ts";
import type { GenerateOptions } from "../models/decoding/options.ts";
import type { BackendChoice } from "../models/device/mod.ts";
import { loadModel } from "../models/registry.ts";
import { type Score, scorePerformance } from "./evaluation/score.ts";
import { ProgressBar } from "./logging/console.ts";
import { readControls, readNotes } from "./music_files.ts";
import type { Outcome, Terminal } from "./outcome.ts";

/** The flags of a score. */
export interface ScoreFlags
  extends Pick<GenerateOptions, "key" | "histogram" | "density" | "keepControls"> {
  readonly model: EventModelId;
  readonly checkpoint: string;
  readonly logLikelihood: string;
  readonly controlsFrom?: string;
  readonly backend?: BackendChoice;
  readonly threads?: number;
}

/** Scores a MIDI file without controls and, where some are named, with them; `keepControls` are its own, event by event. */
export async function score(flags: ScoreFlags, terminal: Terminal): Promise<Outcome> {
  const { logLikelihood: file } = flags;
  using rnn = await loadModel(flags.model, flags.checkpoint, flags);
  const { codec, sustain } = rnn.hparams;
  const events = encodeEvents(await readNotes(file, sustain), codec);
  if (events.length === 0) {
    throw new RangeError(`Cannot score "${file}": it has no notes on the keys of the model`);
  }
  const controls = await controlsOf(rnn, flags, events);
  const measure = async (rows: ControlRows | null) => {
    const label = rows ? "With controls" : "Without controls";
    using bar = terminal.interactive ? new ProgressBar({ label }) : undefined;
    const onProgress = (done: number, total: number) => bar?.update(done, total);
    return await scorePerformance(rnn, events, { controls: rows, onProgress });
  };
  const withoutControls = await measure(null);
  const withControls = controls ? await measure(controls) : undefined;
  return {
    text: table(file, withoutControls, withControls),
    data: { file, withoutControls, ...withControls && { withControls } },
  };
}

async function controlsOf(
  rnn: EventRnn,
  flags: ScoreFlags,
  events: Uint16Array,
): Promise<ControlRows | null> {
  const { codec, sustain } = rnn.hparams, { key, histogram, density } = flags;
  if (flags.keepControls) return ownControls(events, codec);
  const files = await readControls(flags.controlsFrom, sustain);
  const track = controlTrack({ key, histogram, density, ...files }, events, codec);
  return track && controlsDuring(track, events, codec);
}

function table(file: string, without: Score, withControls: Score | undefined): string {
  const { events, notes, seconds } = without;
  const heads = ["nats", "per event", "per note", "per second", "perplexity"];
  const cells = ({ nll, nllPerEvent, nllPerNote, nllPerSecond, perplexity }: Score) => [
    nll.toFixed(1),
    ...[nllPerEvent, nllPerNote, nllPerSecond, perplexity].map((figure) => figure.toFixed(3)),
  ];
  const line = (name: string, row: readonly string[]) =>
    name.padEnd(18) + row.map((cell) => cell.padStart(12)).join("");
  return [
    `${file}: ${events} events, ${notes} notes, ${seconds.toFixed(1)} s`,
    line("", heads),
    line("without controls", cells(without)),
    ...withControls ? [line("with controls", cells(withControls))] : [],
  ].join("\n");
}
