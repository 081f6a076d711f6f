/** What steers a composition: from options to rows of controls by time. @module */
import { type Tensor3D, tf } from "../../deps/tf.ts";
import { constantControl, parseKey } from "../../datatools/midi/control_codec.ts";
import { controlTable, followNotes, meanControl } from "../../datatools/midi/control_track.ts";
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

/** The rows that hold at `ticks`, one an item: [1, batch, controlDim]. */
export function controlsAt(
  { rows, ticks: starts }: ControlTrack,
  ticks: readonly number[],
): Tensor3D {
  const width = rows.length / starts.length;
  const given = new Float32Array(ticks.length * width);
  ticks.forEach((tick, i) => {
    const row = Math.max(countUpTo(starts, tick) - 1, 0);
    given.set(rows.subarray(row * width, (row + 1) * width), i * width);
  });
  return tf.tensor3d(given, [1, ticks.length, width]);
}
