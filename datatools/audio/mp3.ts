/** MP3 files. The frames are decoded by a package, loaded on use; that all are there is checked here. @module */
import { bytesAt, type ByteSource } from "./byte_source.ts";
import { scanMp3 } from "./mp3_frames.ts";
import { type Decoded, guarded, release, toBlock } from "./packaged_decoder.ts";
import { type DamageOptions, reportDamage, type Sound } from "./sound.ts";

const chunkBytes = 65536;

/**
 * The sound of an MP3 file, a piece at a time, without the silence that encoders put around it where they say so.
 *
 * @throws {SyntaxError} If the file is damaged with no `onDamage`, or nothing of it can be read
 */
export async function* mp3Blocks(
  source: ByteSource,
  options: DamageOptions = {},
): AsyncGenerator<Sound> {
  const { problems, start, end, ...header } = scanMp3(source);
  for (const problem of problems) reportDamage("MP3", problem, options);
  const { MPEGDecoder } = await import("../../deps/audio_decoders.ts");
  const decoder = new MPEGDecoder();
  await decoder.ready;
  let nErrors = 0;
  try {
    for (let at = start; at < end; at += chunkBytes) {
      const chunk = bytesAt(source, at, Math.min(chunkBytes, end - at));
      const decoded: Decoded = await guarded("MP3", () => decoder.decode(chunk));
      nErrors += decoded.errors.length;
      const block = toBlock(decoded, { format: "MP3", ...header });
      if (block) yield block;
    }
  } finally {
    release(decoder);
  }
  if (nErrors > 0) reportDamage("MP3", `${nErrors} frames are damaged`, options);
}
