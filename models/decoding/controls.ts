/** What steers a composition: from options to rows of controls by time. @module */
import { type Tensor3D, tf } from "../../deps/tf.ts";
import {
  COMPRESSED_DIM,
  constantControl,
  encodeControls,
  expandControls,
  parseKey,
} from "../../datatools/midi/control_codec.ts";
import { controlTable, followNotes, meanControl } from "../../datatools/midi/control_track.ts";
import { ticksOf, vocabularyOf } from "../../datatools/midi/events.ts";
import type { CodecId } from "../../datatools/midi/notes.ts";
import { countUpTo } from "../../datatools/midi/sorted.ts";
import type { ControlTrack } from "./event_model.ts";
import type { GenerateOptions } from "./options.ts";

/**
 * The controls that options ask for; null for none.
 *
 * @param primer events of the primer, for `keepControls`
 * @throws {RangeError} If an option is out of range
 */
export function controlTrack(
  options: GenerateOptions,
  primer: ArrayLike<number> | undefined,
  codec: CodecId,
): ControlTrack | null {
  const { key, histogram, density, controlsFrom, controls, keepControls } = options;
  if (controlsFrom) return followNotes(controlsFrom, codec);
  if (controls) return controlTable(controls, "generate(controls)");
  if (keepControls && primer) return controlTable([{ seconds: 0, ...meanControl(primer, codec) }]);
  if (key === undefined && histogram === undefined && density === undefined) return null;
  const shares = key === undefined ? histogram : parseKey(key);
  return { rows: constantControl({ histogram: shares, density }), ticks: Int32Array.of(0) };
}

/** The controls of some events of a piece, [to - from, controlDim]. */
export type ControlRows = (from: number, to: number) => Float32Array;

/** A piece's own controls, event by event, as training shows them. */
export function ownControls(events: ArrayLike<number>, codec: CodecId): ControlRows {
  const rows = encodeControls(events, codec);
  return (from, to) => {
    const part = rows.subarray(from * COMPRESSED_DIM, to * COMPRESSED_DIM);
    return expandControls<Float32Array>(part, undefined, codec);
  };
}

/** The controls that hold when each event of a piece happens. */
export function controlsDuring(
  track: ControlTrack,
  events: ArrayLike<number>,
  codec: CodecId,
): ControlRows {
  const vocabulary = vocabularyOf(codec), ticks = new Float64Array(events.length + 1);
  for (let i = 0; i < events.length; i++) {
    ticks[i + 1] = ticks[i]! + ticksOf(events[i]!, vocabulary);
  }
  return (from, to) => rowsAt(track, ticks.subarray(from, to));
}

/** The rows that hold at `ticks`, one an item: [1, batch, controlDim]. */
export function controlsAt(track: ControlTrack, ticks: readonly number[]): Tensor3D {
  const rows = rowsAt(track, ticks);
  return tf.tensor3d(rows, [1, ticks.length, rows.length / ticks.length]);
}

/** [ticks, controlDim] */
function rowsAt({ rows, ticks: starts }: ControlTrack, ticks: ArrayLike<number>): Float32Array {
  const width = rows.length / starts.length;
  const given = new Float32Array(ticks.length * width);
  for (let i = 0; i < ticks.length; i++) {
    const row = Math.max(countUpTo(starts, ticks[i]!) - 1, 0);
    given.set(rows.subarray(row * width, (row + 1) * width), i * width);
  }
  return given;
}
