/** From a network over events to pieces of music: controls, sampling, stopping, notes. @module */
import { tf } from "../../deps/tf.ts";
import {
  constantControl,
  CONTROL_DIM,
  encodeControls,
  expandControls,
  parseKey,
} from "../../datatools/midi/control_codec.ts";
import { type CodecId, decodeEvents, encodeEvents } from "../../datatools/midi/event_codec.ts";
import { shiftOf, ticksOf, vocabularyOf } from "../../datatools/midi/events.ts";
import type { Note } from "../../datatools/midi/notes.ts";
import { RandomStream } from "../../datatools/random.ts";
import { Performance } from "../../datatools/results/performance.ts";
import type { PerformanceRnnHParams } from "../../hparams/performance_rnn.ts";
import {
  type ControlTrack,
  type EventModel,
  type EventState,
  stateTensors,
} from "./event_model.ts";
import type { Sampling } from "./sampling.ts";

/** What can be asked of a composition; what is left out comes from the model's hparams. */
export interface GenerateOptions {
  /** Length in seconds; default 30 unless `steps` is given. */
  readonly seconds?: number;
  /** Length in events. */
  readonly steps?: number;
  /** Key as `C:maj` or `F#:min`; sets the pitch histogram. */
  readonly key?: string;
  /** Twelve weights for the pitch classes C..B. */
  readonly histogram?: readonly number[];
  /** Note density 0..11: bin d begins at 3 d + 1 notes in the next 2 s; default 4 where a key or histogram is given. */
  readonly density?: number;
  /** Notes of a piece whose density and histogram are followed second by second. */
  readonly controlsFrom?: readonly Note[];
  /** Divides the logits; > 0, below 1 is safer, above 1 wilder. */
  readonly temperature?: number;
  /** Draw from the k likeliest events; 0 takes all. */
  readonly topK?: number;
  /** Draw from the likeliest events that together hold this probability, in (0, 1]. */
  readonly topP?: number;
  /** Share of the events, in 0..1, that are the likeliest instead of drawn. */
  readonly greedyRatio?: number;
  /** Key of all draws; default the seed of the hparams. */
  readonly seed?: number;
  /** Called after each few events with the share of the work done, in 0..1. */
  readonly onProgress?: (done: number) => void;
}

/** Seconds after which a key that the network forgot is released; by then its string has died away. */
const LONGEST_NOTE = 10;

/** The default length of a piece, in seconds. */
const DEFAULT_SECONDS = 30;

/**
 * Composes `count` pieces at once.
 *
 * @throws {RangeError} If an option is out of range
 */
export async function generatePerformances(
  model: EventModel,
  options: GenerateOptions & { readonly count: number },
): Promise<Performance[]> {
  const { hparams } = model;
  const { count } = options;
  const limits = lengthOf(options, hparams);
  const sampling = samplingOf(options, hparams);
  const controls = controlTrack(options, hparams.codec);
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`generate(count) is ${count}, expected a whole number of at least 1`);
  }
  const { size } = vocabularyOf(hparams.codec);
  if (hparams.eventDim !== size || (controls && hparams.controlDim !== CONTROL_DIM)) {
    throw new RangeError(
      `Cannot generate with eventDim ${hparams.eventDim} and controlDim ${hparams.controlDim}: ` +
        `the codec ${hparams.codec} has ${size} events and ${CONTROL_DIM} controls`,
    );
  }
  const pieces = Array.from({ length: count }, () => new EventTape(limits, hparams.codec));
  const random = new RandomStream(options.seed ?? hparams.seed, "generate");
  const state = startState(model, count, random.child("latent"));
  const last = new Int32Array(count).fill(model.primaryEvent);
  using decoder = model.decoder({ state, last, controls, sampling, random });
  tf.dispose(stateTensors(state));
  while (pieces.some((piece) => !piece.done)) {
    const left = limits.steps - Math.min(...pieces.map((piece) => piece.length));
    const events = await decoder.next(Math.min(decoder.chunk, left));
    events.forEach((event, i) => pieces[i % count]!.push(event));
    options.onProgress?.(Math.min(...pieces.map((piece) => piece.progress)));
  }
  return pieces.map((piece) => piece.toPerformance());
}

/** The events of one piece so far, and its time. */
class EventTape {
  readonly #events: number[] = [];
  seconds = 0;

  constructor(
    readonly limits: { readonly seconds: number; readonly steps: number },
    readonly codec: CodecId,
  ) {}

  /** How many events there are. */
  get length(): number {
    return this.#events.length;
  }

  /** Share of the length reached, in 0..1. */
  get progress(): number {
    const { seconds, steps } = this.limits;
    return Math.min(1, Math.max(this.seconds / seconds, this.#events.length / steps));
  }

  get done(): boolean {
    return this.progress === 1;
  }

  push(event: number): void {
    if (this.done) return;
    this.#events.push(event);
    this.seconds += shiftOf(event, vocabularyOf(this.codec));
  }

  toPerformance(): Performance {
    const events = Uint16Array.from(this.#events);
    const { seconds } = this.limits;
    const notes = decodeEvents(events, this.codec)
      .filter(({ start }) => start < seconds)
      .map((note) => ({ ...note, end: Math.min(note.end, note.start + LONGEST_NOTE, seconds) }));
    return new Performance({ notes, events });
  }
}

/** Where the model stands before the first step, one latent a piece. */
function startState(model: EventModel, count: number, random: RandomStream): EventState {
  const { initDim } = model.hparams;
  const latent = tf.tensor2d(random.normal(0, count * initDim), [count, initDim]);
  const state = model.startState(latent);
  latent.dispose();
  return state;
}

function controlTrack(options: GenerateOptions, codec: CodecId): ControlTrack | null {
  const { key, histogram, density, controlsFrom } = options;
  if (controlsFrom) return followNotes(controlsFrom, codec);
  if (key === undefined && histogram === undefined && density === undefined) return null;
  if (key !== undefined && histogram !== undefined) {
    throw new RangeError("generate() was given key and histogram; give one of them");
  }
  const rows = constantControl({
    histogram: key === undefined ? histogram : parseKey(key),
    density,
  });
  return { rows, ticks: Int32Array.of(0) };
}

/** The controls of a played piece, one row for each time at which something happens; the last stays after its end. */
function followNotes(notes: readonly Note[], codec: CodecId): ControlTrack {
  const events = encodeEvents(notes, codec);
  if (events.length === 0) {
    throw new RangeError("Cannot take controls from a piece without notes on the piano's keys");
  }
  const controls = expandControls(encodeControls(events, codec));
  const vocabulary = vocabularyOf(codec);
  const rows = new Map<number, Float32Array>(); // of events at one time the last one counts
  let tick = 0;
  events.forEach((event, i) => {
    rows.set(tick, controls.subarray(i * CONTROL_DIM, (i + 1) * CONTROL_DIM));
    tick += ticksOf(event, vocabulary);
  });
  const track = new Float32Array(rows.size * CONTROL_DIM);
  [...rows.values()].forEach((row, i) => track.set(row, i * CONTROL_DIM));
  return { rows: track, ticks: Int32Array.from(rows.keys()) };
}

function lengthOf(
  { seconds, steps }: GenerateOptions,
  { maxLen }: PerformanceRnnHParams,
): { seconds: number; steps: number } {
  if (seconds !== undefined && !(seconds > 0 && seconds < Infinity)) {
    throw new RangeError(`generate(seconds) is ${seconds}, expected a number above 0`);
  }
  if (steps !== undefined && !(Number.isInteger(steps) && steps > 0)) {
    throw new RangeError(`generate(steps) is ${steps}, expected a whole number of at least 1`);
  }
  return {
    seconds: seconds ?? (steps === undefined ? DEFAULT_SECONDS : Infinity),
    steps: steps ?? maxLen,
  };
}

function samplingOf(options: GenerateOptions, hparams: PerformanceRnnHParams): Sampling {
  const pick = (name: keyof Sampling) => options[name] ?? hparams[name];
  const sampling = {
    temperature: pick("temperature"),
    topK: pick("topK"),
    topP: pick("topP"),
    greedyRatio: pick("greedyRatio"),
  };
  const allowed: Record<keyof Sampling, [boolean, string]> = {
    temperature: [sampling.temperature > 0 && sampling.temperature < Infinity, "a number above 0"],
    topK: [Number.isInteger(sampling.topK) && sampling.topK >= 0, "a whole number, 0 for all"],
    topP: [sampling.topP > 0 && sampling.topP <= 1, "above 0 and at most 1"],
    greedyRatio: [sampling.greedyRatio >= 0 && sampling.greedyRatio <= 1, "between 0 and 1"],
  };
  for (const [name, [fits, expected]] of Object.entries(allowed)) {
    if (!fits) {
      throw new RangeError(
        `generate(${name}) is ${sampling[name as keyof Sampling]}, expected ${expected}`,
      );
    }
  }
  return sampling;
}
