/** What the packages that decode have in common. @module */
import type { Sound } from "./sound.ts";

/** What they answer. */
export interface Decoded {
  readonly channelData: readonly Float32Array[];
  readonly samplesDecoded: number;
  readonly sampleRate: number;
  readonly errors: readonly unknown[];
}

/**
 * Runs a package on bytes that nobody vouches for: without what it prints on errors, which it returns as well.
 *
 * @param body Does its work before it first waits
 * @throws {SyntaxError} Where the package fails, in whatever way
 */
export async function guarded<T>(format: string, body: () => T | Promise<T>): Promise<T> {
  try {
    return await quietly(body);
  } catch (cause) {
    throw new SyntaxError(`Cannot read ${format}: its decoder gives up; it is damaged`, { cause });
  }
}

/** Frees a decoder; one whose memory is damaged may fail in that, and goes all the same. */
export function release(decoder: { free(): void }): void {
  try {
    decoder.free();
  } catch { /* the memory is collected with the decoder */ }
}

function quietly<T>(body: () => T): T {
  const log = globalThis.console;
  const { error } = log;
  log.error = () => {};
  try {
    return body();
  } finally {
    log.error = error;
  }
}

/** The samples as sound of the format that the header of the file promised; undefined if there are none. */
export function toBlock(
  { channelData, samplesDecoded, sampleRate }: Decoded,
  promised: { readonly format: string; readonly nChannels: number; readonly sampleRate: number },
): Sound | undefined {
  if (samplesDecoded === 0) return undefined; // then the other fields are not set
  const { format, nChannels } = promised;
  if (sampleRate !== promised.sampleRate || channelData.length < nChannels) {
    throw new SyntaxError(
      `Cannot read ${format}: it goes on with ${channelData.length} channels at ${sampleRate} Hz, ` +
        `began with ${nChannels} at ${promised.sampleRate}; split it into one file of each`,
    );
  }
  const channels = channelData.slice(0, nChannels);
  for (const samples of channels) {
    if (samples.every(Number.isFinite)) continue;
    throw new SyntaxError(`Cannot read ${format}: it decodes to NaN or infinity; it is damaged`);
  }
  return { channels, sampleRate };
}
