/** Files of any length as mono sound at one rate. @module */
import { decodeBlocks } from "./decode.ts";
import { mixToMono } from "./mix.ts";
import { Resampler } from "./resample.ts";
import type { DamageOptions } from "./sound.ts";

/**
 * A file as mono blocks at `sampleRate`, whatever its length.
 *
 * @param source A path, or the bytes
 * @throws {SyntaxError} If it is no audio that is read, or is damaged with no `onDamage`
 * @throws {RangeError} If its rate is over 1000 times the other, or the other way round
 * @throws {IoError} If it cannot be opened
 */
export async function* monoBlocks(
  source: string | Uint8Array,
  sampleRate: number,
  options: DamageOptions = {},
): AsyncGenerator<Float32Array> {
  let resampler: Resampler | undefined;
  for await (const block of decodeBlocks(source, options)) {
    resampler ??= new Resampler({ from: block.sampleRate, to: sampleRate });
    yield resampler.push(mixToMono(block));
  }
  if (resampler) yield resampler.finish();
}

/** What is wrong with an audio file, of an error or its text: without the file's name and advice to programmers. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^Cannot read [^":]*(".*?")?: /, "").replace(/; onDamage .*$/, "");
}
