/**
 * How loud sound is to ears, in LUFS: Recommendation ITU-R BS.1770-4, 2015.
 *
 * @module
 */
import type { Sound } from "./sound.ts";

/** Blocks of 400 ms that overlap by three quarters: a step is a quarter of a block. */
const stepSeconds = 0.1;
const stepsPerBlock = 4;
const absoluteGate = -70;
const relativeGate = -10;
const minSampleRate = 4000;

/** Annex 1, table 3: the surround channels count more, the bass effects channel (of 5.1) does not count. */
const channelWeights: Record<number, readonly number[]> = {
  4: [1, 1, 1.41, 1.41],
  5: [1, 1, 1, 1.41, 1.41],
  6: [1, 1, 1, 0, 1.41, 1.41],
};

/**
 * The gated loudness of a whole sound, in LUFS; -Infinity where no block is above -70.
 *
 * @throws {RangeError} If the rate is below 4000 Hz
 *
 * @example
 * ```ts
 * import { loudness } from "./loudness.ts";
 *
 * const sine = Float32Array.from({ length: 96000 }, (_, i) => Math.sin(2 * Math.PI * 997 * i / 48000));
 * console.assert(Math.abs(loudness({ channels: [sine], sampleRate: 48000 }) + 3.01) < 0.01);
 * ```
 */
export function loudness({ channels, sampleRate }: Sound): number {
  const meter = new LoudnessMeter(sampleRate, channels.length);
  meter.push(channels);
  return meter.lufs();
}

/** {@linkcode loudness} of sound that comes in pieces. Sound of less than one block of 400 ms counts as one. */
export class LoudnessMeter {
  readonly #filters: readonly KWeighting[];
  readonly #weights: readonly number[];
  readonly #stepLength: number;
  /** Weighted power of each whole step. */
  readonly #steps: number[] = [];
  #sum = 0;
  #inStep = 0;

  /** A meter that has heard nothing. @throws {RangeError} If the rate is below 4000 Hz */
  constructor(sampleRate: number, nChannels: number) {
    if (!(sampleRate >= minSampleRate)) {
      throw new RangeError(
        `Cannot measure loudness at ${sampleRate} Hz: expected at least ${minSampleRate} Hz; resample first`,
      );
    }
    this.#filters = Array.from({ length: nChannels }, () => new KWeighting(sampleRate));
    this.#weights = channelWeights[nChannels] ?? new Array(nChannels).fill(1);
    this.#stepLength = Math.round(stepSeconds * sampleRate);
  }

  /** Takes the next samples, one array a channel, all of one length. */
  push(channels: readonly Float32Array[]): void {
    const length = channels[0]?.length ?? 0;
    for (let at = 0; at < length;) {
      const end = Math.min(length, at + this.#stepLength - this.#inStep);
      for (const [c, filter] of this.#filters.entries()) {
        this.#sum += this.#weights[c] * filter.energy(channels[c], at, end);
      }
      this.#inStep += end - at;
      at = end;
      if (this.#inStep < this.#stepLength) continue;
      this.#steps.push(this.#sum / this.#stepLength);
      this.#sum = this.#inStep = 0;
    }
  }

  /** Loudness of all that was pushed, in LUFS; -Infinity where no block is above -70. */
  lufs(): number {
    const blocks = this.#blocks().filter((power) => toLufs(power) > absoluteGate);
    const threshold = toLufs(mean(blocks)) + relativeGate;
    return toLufs(mean(blocks.filter((power) => toLufs(power) > threshold)));
  }

  #blocks(): number[] {
    const steps = this.#steps;
    if (steps.length >= stepsPerBlock) {
      return steps.slice(stepsPerBlock - 1)
        .map((_, i) => mean(steps.slice(i, i + stepsPerBlock)));
    }
    const length = steps.length * this.#stepLength + this.#inStep;
    const sum = steps.reduce((total, power) => total + power * this.#stepLength, this.#sum);
    return length === 0 ? [] : [sum / length];
  }
}

type Biquad = { b0: number; b1: number; b2: number; a1: number; a2: number };

/** Both filters of Annex 1 in a row, for one channel: a shelf for the head, then a high-pass. */
class KWeighting {
  readonly #shelf: Biquad;
  readonly #highPass: Biquad;
  readonly #state = new Float64Array(4);

  constructor(sampleRate: number) {
    this.#shelf = shelf(sampleRate);
    this.#highPass = highPass(sampleRate);
  }

  /** The sum of squares of samples `from` to `to`, weighted (direct form II, transposed). */
  energy(samples: Float32Array, from: number, to: number): number {
    const { b0, b1, b2, a1, a2 } = this.#shelf;
    const { a1: c1, a2: c2 } = this.#highPass; // its numerator is 1 - 2 z^-1 + z^-2
    let [s1, s2, t1, t2] = this.#state;
    let sum = 0;
    for (let i = from; i < to; i++) {
      const x = samples[i];
      const y = b0 * x + s1;
      s1 = b1 * x - a1 * y + s2;
      s2 = b2 * x - a2 * y;
      const z = y + t1;
      t1 = -2 * y - c1 * z + t2;
      t2 = y - c2 * z;
      sum += z * z;
    }
    this.#state.set([s1, s2, t1, t2]);
    return sum;
  }
}

/** Table 1 gives coefficients at 48 kHz; these are the analogue values behind them, for any rate. */
function shelf(sampleRate: number): Biquad {
  const high = 10 ** (3.999843853973347 / 20);
  const middle = high ** 0.4996667741545416;
  const k = Math.tan(Math.PI * 1681.974450955533 / sampleRate);
  const kq = k / 0.7071752369554196;
  const a0 = 1 + kq + k * k;
  return {
    b0: (high + middle * kq + k * k) / a0,
    b1: 2 * (k * k - high) / a0,
    b2: (high - middle * kq + k * k) / a0,
    a1: 2 * (k * k - 1) / a0,
    a2: (1 - kq + k * k) / a0,
  };
}

/** Table 2, likewise. */
function highPass(sampleRate: number): Biquad {
  const k = Math.tan(Math.PI * 38.13547087602444 / sampleRate);
  const kq = k / 0.5003270373238773;
  const a0 = 1 + kq + k * k;
  return { b0: 1, b1: -2, b2: 1, a1: 2 * (k * k - 1) / a0, a2: (1 - kq + k * k) / a0 };
}

function toLufs(power: number): number {
  return -0.691 + 10 * Math.log10(power);
}

/** 0 for no values. */
function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
