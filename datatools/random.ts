/**
 * Random numbers that follow from a key and a counter, so that any of them can be made again: Threefry-2x32 with
 * 20 rounds, Salmon et al. 2011, doi:10.1145/2063384.2063405. @module
 */

/** A key or a counter: two uint32. */
export type Words = readonly [number, number];

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** Two random uint32 of a counter under a key. */
export function threefry([key0, key1]: Words, [counter0, counter1]: Words): [number, number] {
  const keys = [key0, key1, 0x1BD11BDA ^ key0 ^ key1];
  let x = (counter0 + key0) | 0, y = (counter1 + key1) | 0;
  for (let group = 1; group <= 5; group++) {
    const first = group % 2 === 1 ? 0 : 4;
    for (let i = first; i < first + 4; i++) {
      const bits = rotations[i];
      x = (x + y) | 0;
      y = (y << bits | y >>> (32 - bits)) ^ x;
    }
    x = (x + keys[group % 3]) | 0;
    y = (y + keys[(group + 1) % 3] + group) | 0;
  }
  return [x >>> 0, y >>> 0];
}

/** Mixes a name into a key: its UTF-8 bytes, eight at a time and then their number, are the counters of a chain of keys. */
function mixName(key: Words, name: string): Words {
  const bytes = new TextEncoder().encode(name);
  const padded = new DataView(new ArrayBuffer(8 * Math.ceil(bytes.length / 8)));
  new Uint8Array(padded.buffer).set(bytes);
  let mixed = key;
  for (let at = 0; at < padded.byteLength; at += 8) {
    mixed = threefry(mixed, [padded.getUint32(at, true), padded.getUint32(at + 4, true)]);
  }
  return threefry(mixed, [bytes.length, 0xFFFFFFFF]);
}

function checkUint32(what: string, value: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= 0xFFFFFFFF) return;
  throw new RangeError(
    `RandomStream: ${what} is ${value}, expected an integer from 0 to 4294967295`,
  );
}

const unit24 = 2 ** -24;

/**
 * A named stream of random numbers. Element `i` of step `s` is word `i % 2` of Threefry's block (s, floor(i / 2)): it
 * depends on seed, name, step and index and on nothing drawn before.
 *
 * @example
 * ```ts
 * const noise = new RandomStream(7, "noise").normal(0, 4);
 * ```
 */
export class RandomStream {
  /** What the numbers follow from, beside step and index. */
  readonly key: Words;

  /** The stream `name` of a seed. @throws {RangeError} If the seed is no uint32 */
  constructor(seed: number, name: string) {
    checkUint32("seed", seed);
    this.key = mixName([seed, 0], name);
  }

  /** The stream with a key that was made before. */
  static fromKey(key: Words): RandomStream {
    checkUint32("key", key[0]);
    checkUint32("key", key[1]);
    const stream = Object.create(RandomStream.prototype);
    return Object.assign(stream, { key: [key[0], key[1]] });
  }

  /** A stream of its own for a part of what this one serves. */
  child(name: string): RandomStream {
    return RandomStream.fromKey(mixName(this.key, name));
  }

  /** Elements `start` to `start + length` of a step: uniform over all uint32. */
  bits(step: number, length: number, start = 0): Uint32Array {
    checkUint32("step", step);
    const result = new Uint32Array(length);
    for (let i = -(start % 2); i < length; i += 2) {
      const [first, second] = threefry(this.key, [step, Math.floor((start + i) / 2)]);
      if (i >= 0) result[i] = first;
      if (i + 1 < length) result[i + 1] = second;
    }
    return result;
  }

  /** Uniform numbers in [0, 1): the upper 24 bits of each element. */
  uniform(step: number, length: number, start = 0): Float32Array {
    return Float32Array.from(this.bits(step, length, start), (word) => (word >>> 8) * unit24);
  }

  /** Normal numbers, mean 0 and variance 1: each pair of elements by Box and Muller 1958, doi:10.1214/aoms/1177706645. */
  normal(step: number, length: number, start = 0): Float32Array {
    const first = start - start % 2;
    const words = this.bits(step, 2 * Math.ceil((start + length - first) / 2), first);
    const result = new Float32Array(length);
    for (let i = 0; i < words.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(((words[i] >>> 8) + 1) * unit24));
      const angle = 2 * Math.PI * (words[i + 1] >>> 8) * unit24;
      const at = first + i - start;
      if (at >= 0) result[at] = radius * Math.cos(angle);
      if (at + 1 < length) result[at + 1] = radius * Math.sin(angle);
    }
    return result;
  }

  /** The numbers 0 to `length - 1` in random order, by Fisher and Yates. */
  permutation(step: number, length: number): Uint32Array {
    const words = this.bits(step, length), result = Uint32Array.from(words, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = Math.floor(words[i] / 2 ** 32 * (i + 1));
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }
}
