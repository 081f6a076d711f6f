/** Many channels to one. @module */
import type { Sound } from "./sound.ts";

/** The mean of the channels, sample for sample; always a new array. @throws {TypeError} If there is no channel */
export function mixToMono({ channels }: Pick<Sound, "channels">): Float32Array {
  if (channels.length === 0) {
    throw new TypeError("Cannot mix to mono: found 0 channels, expected at least one");
  }
  const mono = channels[0].slice();
  for (const samples of channels.slice(1)) {
    for (let i = 0; i < mono.length; i++) mono[i] += samples[i];
  }
  if (channels.length > 1) {
    for (let i = 0; i < mono.length; i++) mono[i] /= channels.length;
  }
  return mono;
}
