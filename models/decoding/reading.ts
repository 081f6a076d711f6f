/** Reading a played piece: the state of a network after it, and the logits on the way, in bounded memory. @module */
import { type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import { inferencePass, tidy } from "../nn/mod.ts";
import type { ControlRows } from "./controls.ts";
import { type EventModel, type EventState, stateTensors } from "./event_model.ts";

/** Events that are read at once: what attention compares grows with their square. */
const EVENTS_AT_ONCE = 256;

/** Rows of logits that are on the device at once, of all items. */
const ROWS_AT_ONCE = 1024;

/** A piece to be read. */
export interface PieceToRead {
  /** Of the model's codec, at least one. */
  readonly events: Uint16Array;
  /** Null for none. */
  readonly controls: ControlRows | null;
}

/** What a chunk of a piece gives. */
export interface ReadChunk {
  /** [time, batch, eventDim], of the events below; freed after the call. */
  readonly logits: Tensor3D;
  /** [time, batch] int32; freed after the call. */
  readonly events: Tensor2D;
  /** The index of the first of them in the piece. */
  readonly from: number;
}

/**
 * Reads a piece as it was played (teacher forcing), a chunk at a time with the state carried on: each event is foreseen from the
 * true ones before it. The last event is not read: it is what a continuation reads first.
 *
 * @param start before the first event, for a batch that reads the same piece; it stays the caller's
 * @param visit called with each chunk
 * @returns the state before the last event is read
 */
export async function readPiece(
  model: EventModel,
  { events, controls }: PieceToRead,
  start: EventState,
  visit?: (chunk: ReadChunk) => Promise<void>,
): Promise<EventState> {
  const [, batch] = start.hidden.shape, { controlDim } = model.hparams;
  const length = Math.max(1, Math.min(EVENTS_AT_ONCE, Math.floor(ROWS_AT_ONCE / batch)));
  let state = start;
  for (let from = 0; from < events.length; from += length) {
    const to = Math.min(from + length, events.length);
    const rows = controls?.(from, to);
    const read = tidy(() => {
      const before = from === 0 ? [model.primaryEvent] : [];
      const inputs = [...before, ...events.subarray(Math.max(from - 1, 0), to - 1)];
      const given = rows && tf.tile(tf.tensor3d(rows, [to - from, 1, controlDim]), [1, batch, 1]);
      const input = { events: columns(inputs, batch), controls: given ?? null, state };
      return {
        ...model.forward(input, inferencePass),
        events: columns([...events.subarray(from, to)], batch),
      };
    });
    if (state !== start) tf.dispose(stateTensors(state));
    state = read.state;
    try {
      await visit?.({ logits: read.logits, events: read.events, from });
    } catch (error) {
      tf.dispose(stateTensors(state));
      throw error;
    } finally {
      tf.dispose([read.logits, read.events]);
    }
  }
  return state;
}

/** The same events for each item of a batch, [time, batch] int32. */
function columns(events: readonly number[], batch: number): Tensor2D {
  const column = tf.tensor2d(events as number[], [events.length, 1], "int32");
  return tf.tile(column, [1, batch]);
}
