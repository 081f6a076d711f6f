/** Windows of a prepared set, played faster or slower. @module */
import { COMPRESSED_DIM, encodeControls, WINDOW_SECONDS } from "../midi/control_codec.ts";
import { eventTimes, type EventVocabulary, vocabularyOf } from "../midi/events.ts";
import { stretchEvents } from "../midi/stretch.ts";
import type { EncodedEvents, PerformanceDataset, WindowPlace } from "./performance.ts";

/**
 * Reads a window with all times multiplied by `factor`: the first `windowSize` events of the stretched piece
 * from the window's start on, and the controls measured on it. Undefined where the rest of the piece,
 * played faster, has fewer events than that.
 *
 * @throws {RangeError} If the set's codec keeps no time
 * @throws {SyntaxError} If the data is damaged
 * @throws {IoError} If reading fails
 */
export function readStretched(
  dataset: PerformanceDataset,
  { piece, start }: WindowPlace,
  factor: number,
): EncodedEvents | undefined {
  const { windowSize, manifest: { codec } } = dataset;
  const left = dataset.pieces[piece].events - start;
  for (let n = 2 * windowSize;; n *= 2) {
    const length = Math.min(n, left);
    const read = {
      events: new Uint16Array(length),
      controls: new Uint8Array(length * COMPRESSED_DIM),
    };
    dataset.readEvents(piece, start, read);
    const events = stretchEvents(read.events, factor, codec);
    if (length < left && !coversWindow(events, windowSize, vocabularyOf(codec))) continue;
    if (events.length < windowSize) return undefined;
    const controls = encodeControls(events, codec);
    return {
      events: events.slice(0, windowSize),
      controls: controls.slice(0, windowSize * COMPRESSED_DIM),
    };
  }
}

/** Whether the events go on for as long as the controls of the window look ahead; what would follow changes neither. */
function coversWindow(
  events: Uint16Array,
  windowSize: number,
  vocabulary: EventVocabulary,
): boolean {
  if (events.length < windowSize) return false;
  const times = eventTimes(events, vocabulary);
  const ahead = times[times.length - 1] - times[windowSize - 1];
  return ahead > WINDOW_SECONDS + vocabulary.shiftSeconds[0]; // the last release may have been put off by one shift
}
