/**
 * The likeliest sequences of events, or sequences drawn without replacement: beam search, and stochastic beam search
 * (Kool et al. 2019, arXiv:1903.06059, algorithm 1). @module
 */
import { type Tensor3D, tf } from "../../deps/tf.ts";
import { describeEvent, type EventVocabulary } from "../../datatools/midi/events.ts";
import type { RandomStream } from "../../datatools/random.ts";
import { tidy } from "../nn/mod.ts";
import { controlsAt } from "./controls.ts";
import {
  type DecodingStart,
  type EventModel,
  type EventState,
  stateTensors,
} from "./event_model.ts";
import { conditionMaximum, gumbelNoise, logSoftmax } from "./gumbel.ts";

/** How sequences are searched for. */
export interface BeamSettings {
  /** Sequences that are kept at each step. */
  readonly beamSize: number;
  /** Whether sequences are drawn without replacement; else the likeliest are searched for. */
  readonly stochastic: boolean;
  /** Divides the logits. */
  readonly temperature: number;
  /**
   * The exponent of the length penalty ((5 + events) / 6)^a, which divides log-probabilities: Wu et al. 2016,
   * arXiv:1609.08144, eq. 14. What is drawn is not ranked by it.
   */
  readonly lengthPenalty: number;
  /** Sums logits, not log-probabilities, and puts the event before the first one in front; not if sequences are drawn. */
  readonly upstreamScores: boolean;
}

/** What a sequence may hold, and what ends it: whichever is reached first. */
export interface BeamLimits {
  readonly seconds: number;
  readonly steps: number;
  /**
   * Where it is given, sequences are searched for among those that a keyboard can play: no key that is down is struck,
   * none that is up is released. At the start all are up. What is drawn is drawn from the events that are left.
   */
  readonly keyboard?: EventVocabulary;
  /** How long an event takes, in seconds and in the ticks of the controls. */
  readonly timeOf: (event: number) => { readonly seconds: number; readonly ticks: number };
}

/** A search to be made, one for each item of the state's batch. */
export interface BeamStart extends Omit<DecodingStart, "sampling"> {
  readonly settings: BeamSettings;
  readonly limits: BeamLimits;
  /** Called after each step with the share of the work done, in 0..1. */
  readonly onProgress?: (done: number) => void;
}

/** A sequence that was found. */
export interface FoundSequence {
  readonly events: number[];
  /** In nats; a sum of logits with `upstreamScores`. */
  readonly logProbability: number;
  /** What it is ranked by: the log-probability over the length penalty, or perturbed by Gumbel noise. */
  readonly score: number;
}

/** A sequence as its last event and what came before. */
interface Hypothesis {
  readonly before: Hypothesis | null;
  readonly event: number;
  readonly length: number;
  readonly seconds: number;
  readonly ticks: number;
  readonly logProbability: number;
  readonly score: number;
  /** Where in the batch its state lies, before its last event is read. */
  readonly row: number;
  /** [keys], 1 for a key that is down. */
  readonly down: Uint8Array;
}

/**
 * Searches for sequences, the best first. One that has reached its length stays in the beam by its score, beside those
 * that go on. Items don't see each other and have draws of their own, so that each finds in a batch what it would
 * find alone. With `stochastic` the scores are perturbed log-probabilities, and the first n sequences are a sample of
 * n without replacement.
 *
 * @returns for each item `beamSize` sequences, fewer if fewer have a probability above 0
 * @throws {RangeError} If a logit is NaN
 */
export async function beamSearch(
  model: Pick<EventModel, "inference">,
  start: BeamStart,
): Promise<FoundSequence[][]> {
  const beams = [...start.last].map((event, item) =>
    new Beam({ event, row: item }, start, start.random.child(`beam ${item}`))
  );
  let state = start.state;
  const free = () => state === start.state ? undefined : tf.dispose(stateTensors(state));
  try {
    for (let step = 0; beams.some(({ open }) => open.length > 0); step++) {
      const open = beams.flatMap((beam) => beam.open);
      const next = readLast(model, open, state, start.controls);
      free();
      state = next.state;
      const logits = await next.logits.data<"float32">();
      next.logits.dispose();
      if (logits.some(Number.isNaN)) throw new RangeError(NAN_LOGIT);
      let row = 0;
      for (const beam of beams) {
        row += beam.widen(logits, { step, row, width: logits.length / open.length });
      }
      start.onProgress?.(Math.min(...beams.map((beam) => beam.progress)));
    }
  } finally {
    free();
  }
  return beams.map((beam) => beam.sequences());
}

const NAN_LOGIT = "Cannot search: a logit is NaN; the checkpoint is from a run that diverged";

/** The logits after the last event of each hypothesis, and the states then. */
function readLast(
  model: Pick<EventModel, "inference">,
  open: readonly Hypothesis[],
  { hidden, past }: EventState,
  controls: DecodingStart["controls"],
): ReturnType<EventModel["inference"]> {
  return tidy(() => {
    const rows = tf.tensor1d(open.map(({ row }) => row), "int32");
    const own = (tensor: Tensor3D) => tf.gather(tensor, rows, 1);
    const given = controls && controlsAt(controls, open.map(({ ticks }) => ticks));
    const events = Int32Array.from(open, ({ event }) => event);
    return model.inference(events, given, { hidden: own(hidden), past: past && own(past) });
  });
}

/** The search of one item. */
class Beam {
  /** The best first. */
  #hypotheses: Hypothesis[];

  /** The event before the first one. */
  readonly #first: number;
  readonly #isUpstream: boolean;

  constructor(
    root: { readonly event: number; readonly row: number },
    readonly start: Pick<BeamStart, "settings" | "limits">,
    readonly random: RandomStream,
  ) {
    const nothing = { length: 0, seconds: 0, ticks: 0, logProbability: 0, score: 0 };
    const { upstreamScores, stochastic } = start.settings;
    this.#first = root.event;
    this.#isUpstream = upstreamScores && !stochastic;
    const [lowest, end] = start.limits.keyboard?.pitches ?? [0, 0];
    this.#hypotheses = [{ ...root, ...nothing, before: null, down: new Uint8Array(end - lowest) }];
  }

  /** The hypotheses that go on; none once no better sequence can be found. */
  get open(): readonly Hypothesis[] {
    const { stochastic, lengthPenalty } = this.start.settings;
    const isFalling = !stochastic && lengthPenalty === 0 && !this.#isUpstream; // scores fall with each event
    if (isFalling && this.#hasEnded(this.#hypotheses[0]!)) return [];
    return this.#hypotheses.filter((each) => !this.#hasEnded(each));
  }

  /** Share of the length that all hypotheses have reached, in 0..1. */
  get progress(): number {
    return this.open.reduce((least, each) => Math.min(least, this.#shareOf(each)), 1);
  }

  /**
   * Replaces the hypotheses by the best of those that have ended and of all that one event more makes of the others.
   *
   * @param logits [rows, width] of all items; those of this one begin at `row`
   * @returns how many rows it has read
   */
  widen(logits: Float32Array, at: { step: number; row: number; width: number }): number {
    const { open } = this, { width } = at, { beamSize, stochastic } = this.start.settings;
    if (open.length === 0) return 0;
    const ended = this.#hypotheses.filter((each) => this.#hasEnded(each));
    const noise = stochastic
      ? gumbelNoise(this.random.bits(at.step, 2 * open.length * width))
      : undefined;
    const sums = new Float64Array(open.length * width), scores = new Float64Array(sums.length);
    open.forEach((parent, i) => {
      const own = logits.subarray((at.row + i) * width, (at.row + i + 1) * width);
      const added = this.#addTo(parent, own);
      sums.set(added, i * width);
      const perturbed = noise?.subarray(i * width, (i + 1) * width).map((x, j) => x + added[j]!);
      scores.set(
        perturbed ? conditionMaximum(perturbed, parent.score) : this.#rank(added, parent),
        i * width,
      );
    });
    const all = new Float64Array(ended.length + scores.length);
    all.set(ended.map(({ score }) => score));
    all.set(scores, ended.length);
    this.#hypotheses = largest(all, beamSize).map((index) => {
      if (index < ended.length) return ended[index]!;
      const child = index - ended.length, i = Math.floor(child / width);
      const given = { logProbability: sums[child]!, score: scores[child]!, row: at.row + i };
      return this.#extend(open[i]!, child % width, given);
    });
    return open.length;
  }

  /** What was found, the best first. */
  sequences(): FoundSequence[] {
    return this.#hypotheses.map((end) => {
      const events: number[] = [];
      for (let at = end; at.before; at = at.before) events.push(at.event);
      if (this.#isUpstream) events.push(this.#first);
      const { logProbability, score } = end;
      return { events: events.reverse(), logProbability, score };
    });
  }

  /** The log-probability of a hypothesis with each event added to it; -Infinity for an event that it cannot play. */
  #addTo({ logProbability, down }: Hypothesis, logits: Float32Array): Float64Array {
    const { settings: { temperature, stochastic } } = this.start;
    // Upstream quirk: logits are no log-probabilities; pinned by the golden file performancernn-beam
    const added = this.#isUpstream
      ? Float64Array.from(logits, (logit) => logit / temperature)
      : logSoftmax(stochastic ? this.#playable(logits, down) : logits, temperature);
    return this.#playable(added, down).map((value) => logProbability + value);
  }

  /** A copy with -Infinity for each event that keys in these places do not allow. */
  #playable<T extends Float32Array | Float64Array>(values: T, down: Uint8Array): T {
    const { keyboard } = this.start.limits;
    if (!keyboard) return values;
    const copy = values.slice() as T, { noteOn: [on], noteOff: [off] } = keyboard.ranges;
    down.forEach((isDown, key) => copy[isDown ? on + key : off + key] = -Infinity);
    return copy;
  }

  #rank(sums: Float64Array, { length }: Hypothesis): Float64Array {
    const penalty = ((5 + length + 1) / 6) ** this.start.settings.lengthPenalty;
    return sums.map((sum) => sum / penalty);
  }

  #extend(
    before: Hypothesis,
    event: number,
    given: Pick<Hypothesis, "logProbability" | "score" | "row">,
  ): Hypothesis {
    const { timeOf, keyboard } = this.start.limits, { seconds, ticks } = timeOf(event);
    const length = before.length + 1;
    const time = { seconds: before.seconds + seconds, ticks: before.ticks + ticks };
    const down = keyboard ? moveKey(before.down, event, keyboard) : before.down;
    return { before, event, length, down, ...time, ...given };
  }

  #shareOf({ seconds, length }: Hypothesis): number {
    const { limits } = this.start;
    return Math.min(1, Math.max(seconds / limits.seconds, length / limits.steps));
  }

  #hasEnded(hypothesis: Hypothesis): boolean {
    return this.#shareOf(hypothesis) === 1;
  }
}

/** Which keys are down after an event. */
function moveKey(down: Uint8Array, event: number, vocabulary: EventVocabulary): Uint8Array {
  const { kind, value } = describeEvent(event, vocabulary) ?? {};
  return kind === "noteOn" || kind === "noteOff"
    ? down.with(value!, kind === "noteOn" ? 1 : 0)
    : down;
}

/** The indices of the `count` largest numbers above -Infinity, the largest first; of equals the lower index. */
function largest(values: Float64Array, count: number): number[] {
  const order = [...values.keys()].filter((i) => values[i]! > -Infinity);
  return order.sort((a, b) => values[b]! - values[a]! || a - b).slice(0, count);
}
