/**
 * Ogg files with Vorbis or Opus (RFC 7845). The packets are decoded by packages, loaded on use; that all pages are
 * there and whole is checked here.
 *
 * @module
 */
import type { ByteSource } from "./byte_source.ts";
import { join, type OggPage, oggPages } from "./ogg_pages.ts";
import { type Decoded, guarded, release, toBlock } from "./packaged_decoder.ts";
import { type DamageOptions, maxChannels, reportDamage, type Sound } from "./sound.ts";

/** What Opus decodes to, whatever the sound was recorded at. */
const opusRate = 48000;

/**
 * The sound of an Ogg file, a piece at a time.
 *
 * @throws {SyntaxError} If the file is damaged with no `onDamage`, or holds another codec
 */
export async function* oggBlocks(
  source: ByteSource,
  options: DamageOptions = {},
): AsyncGenerator<Sound> {
  const pages = oggPages(source, options);
  const first = pages.next().value;
  const head = first?.packets[0];
  if (!first || !head) throw new SyntaxError("Cannot read Ogg: its first page is damaged");
  const name = String.fromCharCode(...head.subarray(0, 8));
  if (name === "OpusHead" && head.length >= 19) yield* opusBlocks(head, pages, options);
  else if (name.startsWith("\x01vorbis") && head.length >= 30) {
    yield* vorbisBlocks(first, pages, options);
  } else {
    const found = JSON.stringify(name.replace(/[^ -~]/g, ""));
    throw new SyntaxError(`Cannot read Ogg: found the codec ${found}, expected Vorbis or Opus`);
  }
}

async function* vorbisBlocks(
  first: OggPage,
  pages: Iterable<OggPage>,
  options: DamageOptions,
): AsyncGenerator<Sound> {
  const [head] = first.packets;
  const nChannels = head[11];
  const sampleRate = new DataView(head.buffer, head.byteOffset).getUint32(12, true);
  checkChannels(nChannels);
  const { OggVorbisDecoder } = await import("../../deps/audio_decoders.ts");
  const decoder = new OggVorbisDecoder();
  await decoder.ready;
  const promised = { format: "Ogg Vorbis", nChannels, sampleRate };
  let nErrors = 0;
  const take = (decoded: Decoded) => {
    nErrors += decoded.errors.length;
    return toBlock(decoded, promised);
  };
  try {
    for (const bytes of vorbisPieces(first, pages)) {
      const block = take(await guarded("Ogg Vorbis", () => decoder.decode(bytes)));
      if (block) yield block;
    }
    const block = take(await guarded("Ogg Vorbis", () => decoder.flush()));
    if (block) yield block;
  } finally {
    release(decoder);
  }
  if (nErrors > 0) reportDamage("Ogg Vorbis", `${nErrors} packets are damaged`, options);
}

/**
 * The bytes of pages, those of the first packets in one piece: three are headers and the next gives no sound, and
 * before there is sound the package answers with as many channels as stand in memory that nobody wrote. Fewer packets
 * hold no sound.
 */
function* vorbisPieces(first: OggPage, pages: Iterable<OggPage>): Generator<Uint8Array> {
  let head: Uint8Array[] | undefined = [first.bytes];
  let nPackets = first.packets.length;
  for (const { bytes, packets } of pages) {
    nPackets += packets.length;
    if (!head) yield bytes;
    else head.push(bytes);
    if (!head || nPackets < 5) continue;
    yield join(head);
    head = undefined;
  }
}

/** Opus: the first `preSkip` samples only warm the decoder up, and the granule of the last page tells the end. */
async function* opusBlocks(
  head: Uint8Array,
  pages: Iterable<OggPage>,
  options: DamageOptions,
): AsyncGenerator<Sound> {
  const { OpusDecoder } = await import("../../deps/audio_decoders.ts");
  const { preSkip, ...layout } = readOpusHead(head);
  const decoder = new OpusDecoder({ ...layout, preSkip, sampleRate: opusRate });
  await decoder.ready;
  const promised = { format: "Ogg Opus", nChannels: layout.channels, sampleRate: opusRate };
  let nErrors = 0, nBefore = 0, isSound = false;
  try {
    for (const { packets, granule, isLast } of pages) {
      const sound = isSound ? packets : packets.slice(1); // the first packet is of comments
      isSound ||= packets.length > 0;
      const decoded: Decoded = await guarded("Ogg Opus", () => decoder.decodeFrames([...sound]));
      nErrors += decoded.errors.length;
      const block = toBlock(decoded, promised);
      if (!block) continue;
      const nLeft = isLast ? Math.max(0, granule - preSkip - nBefore) : decoded.samplesDecoded;
      nBefore += decoded.samplesDecoded;
      yield {
        ...block,
        channels: block.channels.map((samples) => samples.subarray(0, nLeft)),
      };
    }
  } finally {
    release(decoder);
  }
  if (nErrors > 0) reportDamage("Ogg Opus", `${nErrors} packets are damaged`, options);
}

/** RFC 7845, section 5.1. */
function readOpusHead(head: Uint8Array) {
  const channels = head[9];
  checkChannels(channels);
  const preSkip = head[10] | head[11] << 8;
  if (head[18] === 0) return { channels, preSkip };
  const channelMappingTable = [...head.subarray(21, 21 + channels)];
  const [streamCount, coupledStreamCount] = [head[19], head[20]];
  const isRight = channelMappingTable.length === channels && streamCount > 0 &&
    coupledStreamCount <= streamCount && streamCount + coupledStreamCount <= 255 &&
    channelMappingTable.every((i) => i === 255 || i < streamCount + coupledStreamCount);
  if (!isRight) throw new SyntaxError("Cannot read Ogg Opus: its map of channels is damaged");
  return { channels, preSkip, streamCount, coupledStreamCount, channelMappingTable };
}

function checkChannels(nChannels: number): void {
  if (nChannels >= 1 && nChannels <= maxChannels) return;
  throw new SyntaxError(
    `Cannot read Ogg: found ${nChannels} channels, expected 1 to ${maxChannels}; it is damaged`,
  );
}
