/**
 * The worker of `prepareMidi`: bytes of a MIDI file in, events and controls out. It touches no file and
 * needs no permission of its own.
 *
 * @module
 */
import { encodePiece } from "./prepare_piece.ts";
import type { PrepareSettings } from "./datasets/manifest.ts";

/** What a worker is asked to do. */
export interface EncodeRequest {
  /** The content of a MIDI file. */
  bytes: Uint8Array<ArrayBuffer>;
  /** How to encode it. */
  settings: PrepareSettings;
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<EncodeRequest>) => void;
  postMessage: (message: unknown) => void;
};

scope.onmessage = ({ data: { bytes, settings } }) =>
  scope.postMessage(encodePiece(bytes, settings));
scope.postMessage("ready");
