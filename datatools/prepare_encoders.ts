/** What the workers of a preparation can do, by the kind of set. @module */
import type { AudioSettings } from "./datasets/audio_manifest.ts";
import type { PrepareSettings } from "./datasets/manifest.ts";
import { type ClipResult, encodeClip } from "./prepare_clip.ts";
import { encodePiece, type EncodeResult } from "./prepare_piece.ts";

interface Encodings {
  midi: { settings: PrepareSettings; result: EncodeResult };
  audio: { settings: AudioSettings; result: ClipResult };
}

/** Which encoder. */
export type EncodeKind = keyof Encodings;
/** How it encodes. */
export type SettingsOf<Kind extends EncodeKind> = Encodings[Kind]["settings"];
/** What a file becomes, or why nothing. */
export type ResultOf<Kind extends EncodeKind> = Encodings[Kind]["result"];

/** What a worker is asked to do. */
export interface EncodeRequest<Kind extends EncodeKind = EncodeKind> {
  /** Which encoder to use. */
  kind: Kind;
  /** The content of a file. */
  bytes: Uint8Array<ArrayBuffer>;
  /** How to encode it. */
  settings: SettingsOf<Kind>;
}

type Encoder<Kind extends EncodeKind> = (
  bytes: Uint8Array<ArrayBuffer>,
  settings: SettingsOf<Kind>,
) => ResultOf<Kind> | Promise<ResultOf<Kind>>;

const encoders: { readonly [Kind in EncodeKind]: Encoder<Kind> } = {
  midi: encodePiece,
  audio: encodeClip,
};

/** Encodes one file; what is wrong with its bytes becomes a reason. */
export async function encodeFile<Kind extends EncodeKind>(
  { kind, bytes, settings }: EncodeRequest<Kind>,
): Promise<ResultOf<Kind>> {
  return await encoders[kind](bytes, settings);
}
