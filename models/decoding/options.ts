/** What can be asked of a composition, checked and completed by the model's hparams. @module */
import type { ControlRow } from "../../datatools/midi/control_track.ts";
import { shiftOf, ticksOf, vocabularyOf } from "../../datatools/midi/events.ts";
import type { Note } from "../../datatools/midi/notes.ts";
import type { PerformanceRnnHParams } from "../../hparams/performance_rnn.ts";
import type { BeamLimits, BeamSettings } from "./beam_search.ts";
import type { Sampling } from "./sampling.ts";

/** What can be asked of a composition; what is left out comes from the model's hparams. */
export interface GenerateOptions {
  /** Length in seconds, of the continuation where there is a primer; default 30 unless `steps` is given. */
  readonly seconds?: number;
  /** Length in events, of the continuation where there is a primer. */
  readonly steps?: number;
  /** Key as `C:maj` or `F#:min`; sets the pitch histogram. */
  readonly key?: string;
  /** Twelve weights for the pitch classes C..B. */
  readonly histogram?: readonly number[];
  /** Note density 0..11: bin d begins at 3 d + 1 notes in the next 2 s; default 4 where a key or histogram is given. */
  readonly density?: number;
  /** Notes of a piece whose density and histogram are followed second by second. */
  readonly controlsFrom?: readonly Note[];
  /** Key or histogram and density by time, from the first composed event on. */
  readonly controls?: readonly ControlRow[];
  /** Takes histogram and density from the primer: its shares of pitch classes and its mean density. */
  readonly keepControls?: boolean;
  /** A piece that is read first and then continued. */
  readonly primer?: readonly Note[];
  /** Leaves the primer out of the result, which then begins at 0 s. */
  readonly continuationOnly?: boolean;
  /** Divides the logits; > 0, below 1 is safer, above 1 wilder. */
  readonly temperature?: number;
  /** Draw from the k likeliest events; 0 takes all. */
  readonly topK?: number;
  /** Draw from the likeliest events that together hold this probability, in (0, 1]. */
  readonly topP?: number;
  /** Share of the events, in 0..1, that are the likeliest instead of drawn. */
  readonly greedyRatio?: number;
  /** Sequences that a beam search keeps, of those that a keyboard can play, in place of drawing event by event; 0 for none. */
  readonly beam?: number;
  /** Whether the beam draws whole sequences without replacement; else it searches for the likeliest. */
  readonly stochasticBeam?: boolean;
  /** Exponent of the length penalty, by which a beam compares pieces of one duration; 0 favors few events. */
  readonly lengthPenalty?: number;
  /** Most keys down at once; no limit by default. */
  readonly voices?: number;
  /** Key of all draws; default the seed of the hparams. */
  readonly seed?: number;
  /** Called after each few events with the share of the work done, in 0..1. */
  readonly onProgress?: (done: number) => void;
}

/** The default length of a piece, in seconds. */
const DEFAULT_SECONDS = 30;

type Check = readonly [name: string, value: unknown, fits: boolean, expected: string];

function checkAll(checks: readonly Check[]): void {
  for (const [name, value, fits, expected] of checks) {
    if (!fits) throw new RangeError(`generate(${name}) is ${value}, expected ${expected}`);
  }
}

const isCount = (value: number) => Number.isInteger(value) && value >= 0;

/** Refuses options that contradict each other or need one that is not there. @throws {RangeError} */
export function checkOptions(options: GenerateOptions & { readonly count: number }): void {
  const { count, voices, primer, keepControls, continuationOnly } = options;
  checkAll([
    ["count", count, isCount(count) && count >= 1, "a whole number of at least 1"],
    [
      "voices",
      voices,
      voices === undefined || isCount(voices) && voices >= 1,
      "a whole number of at least 1",
    ],
  ]);
  const { key, histogram, density, controlsFrom, controls } = options;
  const constant = key ?? histogram ?? density;
  const sources = { controlsFrom, controls, keepControls, "key, histogram or density": constant };
  const given = Object.entries(sources).filter(([, value]) =>
    value !== undefined && value !== false
  );
  if (given.length > 1) {
    const names = given.map(([name]) => name).join(" and ");
    throw new RangeError(`generate() was given ${names}; give one of them`);
  }
  if (key !== undefined && histogram !== undefined) {
    throw new RangeError("generate() was given key and histogram; give one of them");
  }
  for (const [name, value] of Object.entries({ keepControls, continuationOnly })) {
    if (value && !primer) {
      throw new RangeError(`generate() was given ${name} without a primer; give one with primer`);
    }
  }
}

/** How long a composition may become. @throws {RangeError} If an option is out of range */
export function limitsOf(
  { seconds, steps }: GenerateOptions,
  { maxLen, codec }: PerformanceRnnHParams,
): BeamLimits {
  checkAll([
    [
      "seconds",
      seconds,
      seconds === undefined || seconds > 0 && seconds < Infinity,
      "a number above 0",
    ],
    [
      "steps",
      steps,
      steps === undefined || isCount(steps) && steps > 0,
      "a whole number of at least 1",
    ],
  ]);
  const vocabulary = vocabularyOf(codec);
  return {
    seconds: seconds ?? (steps === undefined ? DEFAULT_SECONDS : Infinity),
    steps: steps ?? maxLen,
    timeOf: (event) => ({ seconds: shiftOf(event, vocabulary), ticks: ticksOf(event, vocabulary) }),
  };
}

/** How events are drawn. @throws {RangeError} If an option is out of range */
export function samplingOf(options: GenerateOptions, hparams: PerformanceRnnHParams): Sampling {
  const pick = (name: keyof Sampling) => options[name] ?? hparams[name];
  const [temperature, topK, topP] = [pick("temperature"), pick("topK"), pick("topP")];
  const greedyRatio = pick("greedyRatio");
  checkAll([
    ["temperature", temperature, temperature > 0 && temperature < Infinity, "a number above 0"],
    ["topK", topK, isCount(topK), "a whole number, 0 for all"],
    ["topP", topP, topP > 0 && topP <= 1, "above 0 and at most 1"],
    ["greedyRatio", greedyRatio, greedyRatio >= 0 && greedyRatio <= 1, "between 0 and 1"],
  ]);
  return { temperature, topK, topP, greedyRatio };
}

/**
 * How a beam search is made; null if events are drawn one by one.
 *
 * @throws {RangeError} If an option is out of range, or means nothing to a beam search or without one
 */
export function beamOf(
  options: GenerateOptions & { readonly count: number },
  hparams: PerformanceRnnHParams,
): BeamSettings | null {
  const { beam: beamSize = hparams.beamSize, count } = options;
  const { stochasticBeam: stochastic = hparams.stochasticBeamSearch } = options;
  const { lengthPenalty = hparams.lengthPenalty } = options;
  const widest = `a whole number from 0 to ${hparams.eventDim}, the events there are`;
  checkAll([
    ["beam", beamSize, isCount(beamSize) && beamSize <= hparams.eventDim, widest],
    ["lengthPenalty", lengthPenalty, lengthPenalty >= 0 && lengthPenalty <= 10, "from 0 to 10"],
  ]);
  const alien = beamSize === 0
    ? ["stochasticBeam", "lengthPenalty"] as const
    : ["topK", "topP", "greedyRatio"] as const;
  for (const name of alien) {
    if (options[name] === undefined || options[name] === false) continue;
    const cure = beamSize === 0 ? "give beam, or leave it out" : "leave it out, or give beam 0";
    throw new RangeError(
      `generate() was given ${name} ${
        beamSize === 0 ? "without a beam" : `with a beam of ${beamSize}`
      }; ${cure}`,
    );
  }
  if (beamSize === 0) return null;
  if (stochastic && options.lengthPenalty) {
    throw new RangeError(
      "generate() was given lengthPenalty with a stochastic beam, whose draws follow the probabilities alone; " +
        "leave one of them out",
    );
  }
  if (stochastic && count > beamSize) {
    throw new RangeError(
      `generate(count) is ${count}, expected at most ${beamSize}, the sequences of the stochastic beam; widen it`,
    );
  }
  const { temperature } = samplingOf(options, hparams);
  const { upstreamBeamScores: upstreamScores } = hparams;
  return { beamSize, stochastic, temperature, lengthPenalty, upstreamScores };
}
