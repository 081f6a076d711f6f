/** Events as the bytes of a prepared set. @module */
import { vocabularyOf } from "../midi/events.ts";
import type { CodecId } from "../midi/notes.ts";

/** How the events of a codec stand on the disk. */
export interface EventFile {
  /** The name of the file in the folder of the set. */
  readonly name: string;
  /** Bytes of an event, the low one first. */
  readonly width: 1 | 2;
}

const byteFile: EventFile = { name: "events.u8", width: 1 };
const wordFile: EventFile = { name: "events.u16", width: 2 };

/** All files that a set may have its events in; it has one of them. */
export const eventFiles: readonly EventFile[] = [byteFile, wordFile];

/** The file of a codec's events: one byte an event where its vocabulary fits, else two. */
export function eventFileOf(codec: CodecId): EventFile {
  return vocabularyOf(codec).size <= 256 ? byteFile : wordFile;
}

/** Events as bytes. */
export function packEvents(events: Uint16Array, { width }: EventFile): Uint8Array {
  if (width === 1) return Uint8Array.from(events);
  const view = new DataView(new ArrayBuffer(2 * events.length));
  for (let i = 0; i < events.length; i++) view.setUint16(2 * i, events[i], true);
  return new Uint8Array(view.buffer);
}

/** Fills `out` with the events of as many bytes. */
export function unpackEvents(bytes: Uint8Array, { width }: EventFile, out: Uint16Array): void {
  if (width === 1) return out.set(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < out.length; i++) out[i] = view.getUint16(2 * i, true);
}
