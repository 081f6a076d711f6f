/** The pieces that are measured beside each other: composed, played and drawn at random, all equally long. @module */
import type { PerformanceDataset } from "../../datatools/datasets/performance.ts";
import { readBytes, walkFiles } from "../../datatools/io.ts";
import { cutNotes, drawPlaces, excerpt } from "../../datatools/metrics/excerpt.ts";
import { UnigramSampler } from "../../datatools/metrics/unigram.ts";
import { WINDOW_SECONDS } from "../../datatools/midi/control_codec.ts";
import { decodeEvents, encodeEvents } from "../../datatools/midi/event_codec.ts";
import { vocabularyOf } from "../../datatools/midi/events.ts";
import type { CodecId, Note } from "../../datatools/midi/notes.ts";
import { MAX_MIDI_BYTES } from "../../datatools/prepare.ts";
import { encodePiece, type EncodeResult } from "../../datatools/prepare_piece.ts";
import { RandomStream } from "../../datatools/random.ts";
import type { Performance } from "../../datatools/results/performance.ts";
import type { EventRnn } from "../../models/decoding/event_rnn.ts";
import type { Sampling } from "../../models/decoding/sampling.ts";
import { toPerformance } from "../../models/decoding/tape.ts";

/** A piece as notes, and as the events that it was written in, or drawn in before they were repaired. */
export interface MeasuredPiece {
  /** In the order of onsets, cut at the length of all pieces. */
  readonly notes: readonly Note[];
  readonly events: ArrayLike<number>;
}

/** The sets, by name. */
export interface PieceSets {
  /** Unseen pieces whose controls are asked for, with the two seconds that the last control looks ahead. */
  readonly asked: readonly (readonly Note[])[];
  /** The same pieces, cut. */
  readonly prompts: readonly MeasuredPiece[];
  /** Real music to compare with: other parts of unseen pieces, or a folder of the user's. */
  readonly reference: readonly MeasuredPiece[];
  /** Parts of the training pieces. */
  readonly training: readonly MeasuredPiece[];
  /** Composed with the controls of `asked`, one each. */
  readonly steered: readonly MeasuredPiece[];
  /** Composed without controls. */
  readonly free: readonly MeasuredPiece[];
  /** Drawn event by event from the unigram distribution of the training pieces. */
  readonly unigram: readonly MeasuredPiece[];
}

/** How many pieces, how long, and how their events are drawn; what is left out comes from the model's hparams. */
export interface SampleOptions extends Partial<Sampling> {
  readonly count: number;
  readonly seconds: number;
  /** Key of all draws. */
  readonly seed: number;
  /** Called with how many pieces are composed, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Music by piece, as events of a codec. */
export interface EventSource {
  readonly codec: CodecId;
  readonly length: number;
  events(i: number): ArrayLike<number>;
}

/** The pieces of an open set. */
export function sourceOf(dataset: PerformanceDataset): EventSource {
  const { manifest: { codec }, pieces: { length } } = dataset;
  return { codec, length, events: (i) => dataset.readPiece(i).events };
}

/**
 * Reads all MIDI files of a folder as events.
 *
 * @param note called with each file that is left out, and why
 * @throws {Error} If no file has music
 */
export async function readFolder(
  dir: string,
  settings: { readonly codec: CodecId; readonly sustain: boolean },
  note: (line: string) => void,
): Promise<EventSource> {
  const pieces: ArrayLike<number>[] = [];
  for (const file of await walkFiles(dir, { extensions: [".mid", ".midi"] })) {
    const piece = await encodeFile(file, settings);
    if ("reason" in piece) note(`Left out "${file}": ${piece.reason}`);
    else pieces.push(piece.events);
  }
  if (pieces.length === 0) {
    throw new Error(`Cannot compare with "${dir}": no MIDI file with music is in it`);
  }
  return { codec: settings.codec, length: pieces.length, events: (i) => pieces[i]! };
}

async function encodeFile(
  file: string,
  settings: { readonly codec: CodecId; readonly sustain: boolean },
): Promise<EncodeResult> {
  try {
    const bytes = await readBytes(file, { maxBytes: MAX_MIDI_BYTES });
    return encodePiece(bytes, { ...settings, programs: null });
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Cuts, composes and draws all sets. */
export async function makePieceSets(
  model: EventRnn,
  sources: Readonly<Record<"unseen" | "reference" | "training", EventSource>>,
  options: SampleOptions,
): Promise<PieceSets> {
  const { count, seconds, seed } = options, { codec, maxLen } = model.hparams;
  const random = new RandomStream(seed, "evaluate");
  const cut = (name: keyof typeof sources, length: number) =>
    excerpts(sources[name], { count, seconds: length, random: random.child(name) });
  const encoded = (notes: readonly Note[]) => ({ notes, events: encodeEvents(notes, codec) });
  const asked = cut("unseen", seconds + WINDOW_SECONDS);
  const sampler = new UnigramSampler(eventsOf(sources.training), vocabularyOf(codec));
  const unigram = Array.from({ length: count }, (_, i) => {
    const events = sampler.sample(seconds, maxLen, random.child(`unigram ${i}`));
    return measured(toPerformance(events, { codec, seconds }));
  });
  return {
    asked,
    prompts: asked.map((notes) => encoded(cutNotes(notes, seconds))),
    reference: cut("reference", seconds).map(encoded),
    training: cut("training", seconds).map(encoded),
    unigram,
    ...await compose(model, asked, { ...options, seed: random.child("compose").bits(0, 1)[0]! }),
  };
}

/** A piece that was drawn, before its events were repaired. */
function measured({ notes, drawn }: Performance): MeasuredPiece {
  return { notes, events: drawn! };
}

/** The events of each piece. */
export function* eventsOf(source: EventSource): Generator<ArrayLike<number>> {
  for (let i = 0; i < source.length; i++) yield source.events(i);
}

function excerpts(
  source: EventSource,
  { count, seconds, random }: { count: number; seconds: number; random: RandomStream },
): Note[][] {
  return drawPlaces(count, source.length, random).map(({ piece, share }) =>
    excerpt(decodeEvents(source.events(piece), source.codec), share, seconds)
  );
}

/** One piece for each that is asked for, and as many without controls. */
async function compose(
  model: EventRnn,
  asked: PieceSets["asked"],
  { count, seed, onProgress, ...options }: SampleOptions,
): Promise<Pick<PieceSets, "steered" | "free">> {
  const seeds = new RandomStream(seed, "pieces").bits(0, count);
  const steered: MeasuredPiece[] = [];
  for (const [i, controlsFrom] of asked.entries()) {
    const own = { ...options, beam: 0, count: 1, seed: seeds[i], controlsFrom };
    const [piece] = await model.generateMany(own);
    steered.push(measured(piece!));
    onProgress?.(i + 1, 2 * count);
  }
  const free = await model.generateMany({
    ...options,
    beam: 0,
    count,
    seed,
    onProgress: (share) => onProgress?.(count + Math.floor(share * count), 2 * count),
  });
  return { steered, free: free.map(measured) };
}
