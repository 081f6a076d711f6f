/** From a network over events to pieces of music: reading a primer, drawing or searching, notes. @module */
import { tf } from "../../deps/tf.ts";
import { CONTROL_DIM } from "../../datatools/midi/control_codec.ts";
import { encodeEvents } from "../../datatools/midi/event_codec.ts";
import { vocabularyOf } from "../../datatools/midi/events.ts";
import type { Note } from "../../datatools/midi/notes.ts";
import { RandomStream } from "../../datatools/random.ts";
import type { Performance } from "../../datatools/results/performance.ts";
import type { PerformanceRnnHParams } from "../../hparams/performance_rnn.ts";
import { beamSearch, type BeamSettings, type BeamStart } from "./beam_search.ts";
import { controlTrack, ownControls } from "./controls.ts";
import {
  type DecodingStart,
  type EventModel,
  type EventState,
  stateTensors,
} from "./event_model.ts";
import { beamOf, checkOptions, type GenerateOptions, limitsOf, samplingOf } from "./options.ts";
import { readPiece } from "./reading.ts";
import { EventTape, toPerformance } from "./tape.ts";

/**
 * Composes `count` pieces at once, each from its own latent and draws; a stochastic beam gives `count` pieces of one latent.
 *
 * @throws {RangeError} If an option is out of range
 */
export async function generatePerformances(
  model: EventModel,
  options: GenerateOptions & { readonly count: number },
): Promise<Performance[]> {
  const { hparams } = model, { codec } = hparams;
  checkOptions(options);
  const limits = limitsOf(options, hparams);
  const sampling = samplingOf(options, hparams);
  const settings = beamOf(options, hparams);
  const primer = options.primer && primerEvents(options.primer, hparams);
  const controls = controlTrack(options, primer, codec);
  checkVocabulary(hparams, controls !== null);
  const random = new RandomStream(options.seed ?? hparams.seed, "generate");
  const batch = settings?.stochastic ? 1 : options.count;
  const state = await startAfter(model, primer, { batch, random, steered: controls !== null });
  const last = new Int32Array(batch).fill(primer?.at(-1) ?? model.primaryEvent);
  const start = { state, last, controls, random, limits, onProgress: options.onProgress };
  try {
    const drawn = settings
      ? await searchEvents(model, { ...start, settings }, options)
      : await drawEvents(model, { ...start, sampling });
    const { seconds } = limits, { voices, continuationOnly } = options;
    return drawn.map((events) =>
      toPerformance(events, { codec, seconds, voices, primer, continuationOnly })
    );
  } finally {
    tf.dispose(stateTensors(state));
  }
}

/** Draws event after event, [count] pieces. */
async function drawEvents(
  model: EventModel,
  start: DecodingStart & Pick<BeamStart, "limits" | "onProgress">,
): Promise<number[][]> {
  const { limits, onProgress } = start, count = start.last.length;
  const pieces = Array.from({ length: count }, () => new EventTape(limits));
  using decoder = model.decoder(start);
  while (pieces.some((piece) => !piece.done)) {
    const left = limits.steps - Math.min(...pieces.map(({ events }) => events.length));
    const events = await decoder.next(Math.min(decoder.chunk, left));
    events.forEach((event, i) => pieces[i % count]!.push(event));
    onProgress?.(Math.min(...pieces.map((piece) => piece.progress)));
  }
  return pieces.map(({ events }) => events);
}

/** The best sequence of each latent, or of one latent the first `count` of a sample without replacement. */
async function searchEvents(
  model: EventModel,
  start: BeamStart & { readonly settings: BeamSettings },
  { count, primer }: GenerateOptions & { readonly count: number },
): Promise<number[][]> {
  // Upstream quirk: the original's beam takes events that no keyboard can play
  const keyboard = start.settings.upstreamScores ? undefined : vocabularyOf(model.hparams.codec);
  const found = await beamSearch(model, { ...start, limits: { ...start.limits, keyboard } });
  const chosen = start.settings.stochastic
    ? found[0]!.slice(0, count)
    : found.map(([best]) => best!);
  // Upstream quirk: a beam's result begins with the event before it, which a primer has already
  const { upstreamScores, stochastic } = start.settings;
  const repeats = upstreamScores && !stochastic && primer !== undefined;
  return chosen.map(({ events }) => repeats ? events.slice(1) : events);
}

/** The events of a primer. @throws {RangeError} If there are none */
function primerEvents(notes: readonly Note[], { codec }: PerformanceRnnHParams): Uint16Array {
  const events = encodeEvents(notes, codec);
  if (events.length > 0) return events;
  throw new RangeError(
    "Cannot continue a primer without notes on the piano's keys; give another, or none",
  );
}

/** Where the model stands before the first event that is composed, one latent an item. */
async function startAfter(
  model: EventModel,
  primer: Uint16Array | undefined,
  { batch, random, steered }: { batch: number; random: RandomStream; steered: boolean },
): Promise<EventState> {
  const { initDim, codec } = model.hparams;
  const normal = random.child("latent").normal(0, batch * initDim);
  const latent = tf.tensor2d(normal, [batch, initDim]);
  const state = model.startState(latent);
  latent.dispose();
  if (!primer) return state;
  const controls = steered ? ownControls(primer, codec) : null;
  try {
    return await readPiece(model, { events: primer, controls }, state);
  } finally {
    tf.dispose(stateTensors(state));
  }
}

function checkVocabulary(
  { codec, eventDim, controlDim }: PerformanceRnnHParams,
  steered: boolean,
): void {
  const { size } = vocabularyOf(codec);
  if (eventDim === size && (!steered || controlDim === CONTROL_DIM)) return;
  throw new RangeError(
    `Cannot generate with eventDim ${eventDim} and controlDim ${controlDim}: ` +
      `the codec ${codec} has ${size} events and ${CONTROL_DIM} controls`,
  );
}
