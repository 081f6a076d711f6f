/** What steers a composition: from options to rows of controls by time. @module */
import { type Tensor3D, tf } from "../../deps/tf.ts";
import { countUpTo } from "../../datatools/midi/sorted.ts";
import type { ControlTrack } from "./event_model.ts";

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
