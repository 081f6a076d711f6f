/** The discrete Fourier transform of real samples, of any even size, in float64. @module */

/**
 * Transforms `re + i im` in place: `X[k] = sum_t x[t] exp(-2 pi i k t / size)`. With both parts exchanged it is the
 * inverse, times the size.
 */
type ComplexTransform = (re: Float64Array, im: Float64Array) => void;

/**
 * The Fourier transform of `size` real samples and its inverse: one complex transform of half the size, whose real
 * part holds the even samples and whose imaginary part the odd ones. Holds scratch memory, so it is not to be
 * shared between calls that are under way at once.
 *
 * @example
 * ```ts
 * import { RealFft } from "./fft.ts";
 *
 * const fft = new RealFft(8);
 * const re = new Float64Array(5), im = new Float64Array(5);
 * fft.forward(Float64Array.of(1, 0, -1, 0, 1, 0, -1, 0), re, im); // a cosine of 2 periods
 * console.assert(Math.abs(re[2] - 4) < 1e-12 && Math.abs(re[0]) < 1e-12);
 * ```
 */
export class RealFft {
  /** Samples of a transform. */
  readonly size: number;
  /** Frequencies from 0 to half of the sample rate: `size / 2 + 1`. */
  readonly nBins: number;
  readonly #transform: ComplexTransform;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  /** Makes the tables. @throws {RangeError} If `size` is odd or below 2 */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 2 || size % 2 !== 0) {
      throw new RangeError(`RealFft: size is ${size}, expected an even number of at least 2`);
    }
    const half = size / 2;
    this.size = size;
    this.nBins = half + 1;
    this.#transform = complexTransform(half);
    [this.#cos, this.#sin] = roots(size, half + 1);
    [this.#re, this.#im] = [new Float64Array(half), new Float64Array(half)];
  }

  /** Writes the spectrum of `samples` [size] to `re` and `im` [nBins]. */
  forward(samples: Float64Array, re: Float64Array, im: Float64Array): void {
    const half = this.size / 2, zRe = this.#re, zIm = this.#im, cos = this.#cos, sin = this.#sin;
    for (let i = 0; i < half; i++) {
      zRe[i] = samples[2 * i];
      zIm[i] = samples[2 * i + 1];
    }
    this.#transform(zRe, zIm);
    // Z = E + i O with E, O the spectra of the even and odd samples; X[k] = E[k] + exp(-2 pi i k / size) O[k]
    re[0] = zRe[0] + zIm[0];
    re[half] = zRe[0] - zIm[0];
    im[0] = im[half] = 0;
    for (let k = 1, j = half - 1; k <= j; k++, j--) {
      const evenRe = 0.5 * (zRe[k] + zRe[j]), evenIm = 0.5 * (zIm[k] - zIm[j]);
      const oddRe = 0.5 * (zIm[k] + zIm[j]), oddIm = 0.5 * (zRe[j] - zRe[k]);
      const turnedRe = cos[k] * oddRe + sin[k] * oddIm, turnedIm = cos[k] * oddIm - sin[k] * oddRe;
      re[k] = evenRe + turnedRe;
      im[k] = evenIm + turnedIm;
      re[j] = evenRe - turnedRe;
      im[j] = turnedIm - evenIm;
    }
  }

  /** Writes to `samples` [size] what has the spectrum `re` and `im` [nBins]; `im` is taken as 0 at both ends. */
  inverse(re: Float64Array, im: Float64Array, samples: Float64Array): void {
    const half = this.size / 2, zRe = this.#re, zIm = this.#im, cos = this.#cos, sin = this.#sin;
    zRe[0] = 0.5 * (re[0] + re[half]);
    zIm[0] = 0.5 * (re[0] - re[half]);
    for (let k = 1, j = half - 1; k <= j; k++, j--) {
      const evenRe = 0.5 * (re[k] + re[j]), evenIm = 0.5 * (im[k] - im[j]);
      const turnedRe = 0.5 * (re[k] - re[j]), turnedIm = 0.5 * (im[k] + im[j]);
      const oddRe = cos[k] * turnedRe - sin[k] * turnedIm;
      const oddIm = cos[k] * turnedIm + sin[k] * turnedRe;
      zRe[k] = evenRe - oddIm;
      zIm[k] = evenIm + oddRe;
      zRe[j] = evenRe + oddIm;
      zIm[j] = oddRe - evenIm;
    }
    this.#transform(zIm, zRe);
    const scale = 1 / half;
    for (let i = 0; i < half; i++) {
      samples[2 * i] = zRe[i] * scale;
      samples[2 * i + 1] = zIm[i] * scale;
    }
  }
}

/** Cosines and sines of `2 pi k / size`, k below `length`. */
function roots(size: number, length: number): [Float64Array, Float64Array] {
  const angles = Float64Array.from({ length }, (_, k) => 2 * Math.PI * (k % size) / size);
  return [angles.map(Math.cos), angles.map(Math.sin)];
}

function complexTransform(size: number): ComplexTransform {
  return (size & (size - 1)) === 0 ? powerOfTwoTransform(size) : chirpTransform(size);
}

/**
 * Stockham's transform with radix 4 and a last stage of radix 2 where the power is odd, which needs no reordering:
 * Van Loan 1992, Computational Frameworks for the Fast Fourier Transform, section 1.7.
 */
function powerOfTwoTransform(size: number): ComplexTransform {
  const [cos, sin] = roots(size, size);
  const scratch = [new Float64Array(size), new Float64Array(size)] as const;
  return (re, im) => {
    let [fromRe, fromIm, toRe, toIm]: Float64Array[] = [re, im, ...scratch];
    let [length, stride] = [size, 1];
    for (; length > 1; length >>= 2, stride <<= 2) {
      if (length === 2) butterfly2(fromRe, fromIm, toRe, toIm);
      else butterfly4({ fromRe, fromIm, toRe, toIm, cos, sin, length, stride });
      [fromRe, fromIm, toRe, toIm] = [toRe, toIm, fromRe, fromIm];
    }
    if (fromRe === re) return;
    re.set(fromRe);
    im.set(fromIm);
  };
}

interface Stage {
  fromRe: Float64Array;
  fromIm: Float64Array;
  toRe: Float64Array;
  toIm: Float64Array;
  cos: Float64Array;
  sin: Float64Array;
  length: number;
  stride: number;
}

/** One stage of radix 4: `stride` interleaved transforms of `length` become four times as many of a quarter. */
function butterfly4({ fromRe, fromIm, toRe, toIm, cos, sin, length, stride }: Stage): void {
  const quarter = length >> 2, step = stride * quarter;
  for (let p = 0; p < quarter; p++) {
    const turn = p * stride;
    const cos1 = cos[turn], sin1 = sin[turn];
    const cos2 = cos[2 * turn], sin2 = sin[2 * turn];
    const cos3 = cos[3 * turn], sin3 = sin[3 * turn];
    for (let q = 0; q < stride; q++) {
      const a = q + turn, b = a + step, c = b + step, d = c + step;
      const sumRe = fromRe[a] + fromRe[c], sumIm = fromIm[a] + fromIm[c];
      const gapRe = fromRe[a] - fromRe[c], gapIm = fromIm[a] - fromIm[c];
      const sideRe = fromRe[b] + fromRe[d], sideIm = fromIm[b] + fromIm[d];
      const crossRe = fromIm[b] - fromIm[d], crossIm = fromRe[d] - fromRe[b]; // -i (b - d)
      const to = q + 4 * turn;
      toRe[to] = sumRe + sideRe;
      toIm[to] = sumIm + sideIm;
      const re1 = gapRe + crossRe, im1 = gapIm + crossIm;
      toRe[to + stride] = re1 * cos1 + im1 * sin1;
      toIm[to + stride] = im1 * cos1 - re1 * sin1;
      const re2 = sumRe - sideRe, im2 = sumIm - sideIm;
      toRe[to + 2 * stride] = re2 * cos2 + im2 * sin2;
      toIm[to + 2 * stride] = im2 * cos2 - re2 * sin2;
      const re3 = gapRe - crossRe, im3 = gapIm - crossIm;
      toRe[to + 3 * stride] = re3 * cos3 + im3 * sin3;
      toIm[to + 3 * stride] = im3 * cos3 - re3 * sin3;
    }
  }
}

/** The last stage where one factor 2 is left. */
function butterfly2(
  fromRe: Float64Array,
  fromIm: Float64Array,
  toRe: Float64Array,
  toIm: Float64Array,
): void {
  const half = fromRe.length >> 1;
  for (let q = 0; q < half; q++) {
    toRe[q] = fromRe[q] + fromRe[q + half];
    toIm[q] = fromIm[q] + fromIm[q + half];
    toRe[q + half] = fromRe[q] - fromRe[q + half];
    toIm[q + half] = fromIm[q] - fromIm[q + half];
  }
}

/** Any size as a convolution with a chirp, `k t = (k^2 + t^2 - (k - t)^2) / 2`: Bluestein 1970, doi:10.1109/TAU.1970.1162132. */
function chirpTransform(size: number): ComplexTransform {
  const padded = 2 ** Math.ceil(Math.log2(2 * size - 1));
  const convolve = powerOfTwoTransform(padded);
  const [cos, sin] = [new Float64Array(size), new Float64Array(size)];
  const [chirpRe, chirpIm] = [new Float64Array(padded), new Float64Array(padded)];
  for (let k = 0; k < size; k++) {
    const angle = Math.PI * (k * k % (2 * size)) / size; // reduced first: k^2 is exact, a large angle is not
    [cos[k], sin[k]] = [Math.cos(angle), Math.sin(angle)];
    for (const at of [k, (padded - k) % padded]) [chirpRe[at], chirpIm[at]] = [cos[k], sin[k]];
  }
  convolve(chirpRe, chirpIm);
  const [a, b] = [new Float64Array(padded), new Float64Array(padded)];
  return (re, im) => {
    a.fill(0, size);
    b.fill(0, size);
    for (let k = 0; k < size; k++) {
      a[k] = re[k] * cos[k] + im[k] * sin[k];
      b[k] = im[k] * cos[k] - re[k] * sin[k];
    }
    convolve(a, b);
    for (let k = 0; k < padded; k++) {
      const product = a[k] * chirpRe[k] - b[k] * chirpIm[k];
      b[k] = a[k] * chirpIm[k] + b[k] * chirpRe[k];
      a[k] = product;
    }
    convolve(b, a);
    for (let k = 0; k < size; k++) {
      re[k] = (a[k] * cos[k] + b[k] * sin[k]) / padded;
      im[k] = (b[k] * cos[k] - a[k] * sin[k]) / padded;
    }
  };
}
