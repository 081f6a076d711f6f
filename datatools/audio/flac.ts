/**
 * FLAC files: RFC 9639. The frames are decoded by a package, loaded on use; that all are there is checked here.
 *
 * @module
 */
import { bytesAt, type ByteSource } from "./byte_source.ts";
import { type Decoded, guarded, release, toBlock } from "./packaged_decoder.ts";
import { type DamageOptions, reportDamage, type Sound } from "./sound.ts";

const chunkBytes = 65536;
/** Frames are decoded together up to about so many samples of one channel. */
const blockLength = 65536;

interface StreamInfo {
  readonly format: string;
  readonly nChannels: number;
  readonly sampleRate: number;
  /** Of a sample. */
  readonly bits: number;
  /** In one channel; 0 if the writer did not know. */
  readonly nFrames: number;
}

/**
 * The sound of a FLAC file, a piece at a time.
 *
 * @param start Where `fLaC` stands
 * @throws {SyntaxError} If the file is damaged with no `onDamage`, or nothing of it can be read
 */
export async function* flacBlocks(
  source: ByteSource,
  start: number,
  options: DamageOptions = {},
): AsyncGenerator<Sound> {
  const info = readStreamInfo(source, start);
  const { CodecParser, FLACDecoder } = await import("../../deps/audio_decoders.ts");
  const decoder = new FLACDecoder();
  await decoder.ready;
  let nDecoded = 0, nErrors = 0;
  const decode = async (frames: Uint8Array[]) => {
    const decoded: Decoded = await guarded("FLAC", () => decoder.decodeFrames(frames));
    nErrors += decoded.errors.length;
    nDecoded += decoded.samplesDecoded;
    return rescaled(toBlock(decoded, info), info.bits);
  };
  try {
    const parser = new CodecParser("audio/flac", { enableFrameCRC32: false }) as unknown;
    const groups = frameGroups(source, start, parser as FrameParser);
    const nextGroup = () => guarded("FLAC", () => groups.next());
    for (let next = await nextGroup(); !next.done; next = await nextGroup()) {
      const block = await decode(next.value);
      if (block) yield block;
    }
  } finally {
    release(decoder);
  }
  if (nErrors > 0 || info.nFrames > 0 && nDecoded !== info.nFrames) {
    const what = `it says ${info.nFrames} samples, found ${nDecoded}; it is cut off or damaged`;
    reportDamage("FLAC", what, options);
  }
}

/** The package divides integers by 2^(bits - 1) - 1; WAV files and this library by 2^(bits - 1). */
function rescaled(block: Sound | undefined, bits: number): Sound | undefined {
  const full = 2 ** (bits - 1);
  for (const samples of block?.channels ?? []) {
    for (let i = 0; i < samples.length; i++) {
      samples[i] = Math.round(samples[i] * (full - 1)) / full;
    }
  }
  return block;
}

type Frame = { readonly data: Uint8Array; readonly samples: number };
/** What the package's parser does, which its types do not say. */
type FrameParser = {
  parseChunk(bytes: Uint8Array): Iterable<Frame>;
  flush(): Iterable<Frame>;
};

/** The bytes of the frames, grouped by how much sound they hold: a small file may hold very much silence. */
function* frameGroups(
  source: ByteSource,
  start: number,
  parser: FrameParser,
): Generator<Uint8Array[]> {
  let group: Uint8Array[] = [], length = 0;
  for (let at = start; at <= source.size; at += chunkBytes) {
    const isEnd = at + chunkBytes > source.size;
    const chunk = bytesAt(source, at, chunkBytes);
    const frames = isEnd ? [parser.parseChunk(chunk), parser.flush()] : [parser.parseChunk(chunk)];
    for (const list of frames) {
      for (const frame of list) {
        group.push(frame.data);
        length += frame.samples;
        if (length < blockLength) continue;
        yield group;
        group = [];
        length = 0;
      }
    }
  }
  if (group.length > 0) yield group;
}

/** Section 8.2. */
function readStreamInfo(source: ByteSource, start: number): StreamInfo {
  const bytes = bytesAt(source, start, 42);
  if (bytes.length < 42 || (bytes[4] & 0x7f) !== 0) {
    throw new SyntaxError(
      "Cannot read FLAC: the file ends in its header, or does not begin with one",
    );
  }
  const view = new DataView(bytes.buffer);
  const fields = view.getBigUint64(18); // 20 bits rate, 3 channels - 1, 5 bits a sample - 1, 36 samples
  const sampleRate = Number(fields >> 44n);
  if (sampleRate === 0) {
    throw new SyntaxError(
      "Cannot read FLAC: found 0 Hz, expected at least 1; the header is damaged",
    );
  }
  return {
    format: "FLAC",
    nChannels: Number(fields >> 41n & 7n) + 1,
    sampleRate,
    bits: Number(fields >> 36n & 31n) + 1,
    nFrames: Number(fields & 0xfffffffffn),
  };
}
