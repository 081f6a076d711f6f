/** Sound in memory. @module */

/** Equally long channels of samples in -1..1, and the rate in Hz. */
export interface Sound {
  /** One array a channel, all of one length. */
  channels: Float32Array[];
  /** Samples a second and channel, in Hz. */
  sampleRate: number;
}

/** More channels than this are taken for a damaged header. */
export const maxChannels = 64;
/** A higher rate than this, in Hz, is taken for a damaged header. */
export const maxSampleRate = 768_000;

/** What to do with a file that is cut off or has damaged parts. */
export interface DamageOptions {
  /** Told what is wrong, while what can be read is read; without it, damage is an error. */
  onDamage?: (what: string) => void;
}

/** Tells of damage, or refuses it. @throws {SyntaxError} If nobody is to be told */
export function reportDamage(format: string, what: string, { onDamage }: DamageOptions): void {
  const message = `Cannot read all of this ${format}: ${what}`;
  if (!onDamage) throw new SyntaxError(`${message}; onDamage keeps what can be read`);
  onDamage(message);
}

/** More samples than this, 2 GiB, are not held in memory at once. */
const maxSamples = 2 ** 29;

/** Refuses what would not fit into memory. @throws {RangeError} */
export function checkSampleCount(format: string, nSamples: number): void {
  if (nSamples <= maxSamples) return;
  throw new RangeError(
    `Cannot read ${format}: it has ${nSamples} samples, at most ${maxSamples} are held in memory; ` +
      "read it in blocks, or cut it into pieces",
  );
}
