/**
 * Mel filterbanks: triangles whose corners are equally far apart on the mel scale. The scales are those of Slaney's
 * Auditory Toolbox (1998) and of the HTK Book (Young et al. 2006, eq. 5.13).
 *
 * @module
 */
import { type MelConfig, upperEdge } from "../../hparams/mel_config.ts";

/** What a filterbank follows from. */
export type FilterbankConfig = Pick<
  MelConfig,
  "sampleRate" | "nFft" | "nMels" | "fMin" | "fMax" | "melScale" | "melNorm"
>;

/** Slaney's scale: 3 mels in 200 Hz up to 1 kHz, then 27 mels for a factor 6.4. */
const linearHz = 200 / 3;
const breakHz = 1000;
const breakMel = breakHz / linearHz;
const logStep = Math.log(6.4) / 27;

/** A frequency in Hz as mels. */
export function hzToMel(hz: number, scale: MelConfig["melScale"] = "slaney"): number {
  if (scale === "htk") return 2595 * Math.log10(1 + hz / 700);
  return hz < breakHz ? hz / linearHz : breakMel + Math.log(hz / breakHz) / logStep;
}

/** Mels as a frequency in Hz. */
export function melToHz(mel: number, scale: MelConfig["melScale"] = "slaney"): number {
  if (scale === "htk") return 700 * (10 ** (mel / 2595) - 1);
  return mel < breakMel ? mel * linearHz : breakHz * Math.exp((mel - breakMel) * logStep);
}

/** The corners of the bands in Hz, [nMels + 2]: band `m` rises from corner `m`, peaks at `m + 1`, ends at `m + 2`. */
export function melCorners(config: FilterbankConfig): Float64Array {
  const { nMels, fMin, melScale } = config;
  const low = hzToMel(fMin, melScale), high = hzToMel(upperEdge(config), melScale);
  return Float64Array.from(
    { length: nMels + 2 },
    (_, i) => melToHz(low + (high - low) * i / (nMels + 1), melScale),
  );
}

/**
 * The weight of every frequency of the Fourier transform in every band: [nMels, nFft / 2 + 1] row by row, as
 * librosa's `filters.mel` gives it. A band narrower than the distance of two frequencies may be all 0.
 */
export function melFilterbank(config: FilterbankConfig): Float32Array {
  const { sampleRate, nFft, nMels, melNorm } = config;
  const corners = melCorners(config);
  const nBins = nFft / 2 + 1;
  const filterbank = new Float32Array(nMels * nBins);
  for (let m = 0; m < nMels; m++) {
    const [low, peak, high] = corners.subarray(m, m + 3);
    const gain = melNorm === "slaney" ? 2 / (high - low) : 1;
    for (let bin = 0; bin < nBins; bin++) {
      const hz = bin * sampleRate / nFft;
      const weight = Math.min((hz - low) / (peak - low), (high - hz) / (high - peak));
      if (weight > 0) filterbank[m * nBins + bin] = gain * weight;
    }
  }
  return filterbank;
}

/** A filterbank that skips its zeros: each band is one run of frequencies. */
export class MelBands {
  /** Number of bands. */
  readonly nMels: number;
  /** nFft / 2 + 1. */
  readonly nBins: number;
  /** [nMels]: the first frequency of each band with a weight. */
  readonly first: Int32Array;
  /** The weights of each band from its first frequency on; none for a band of zeros. */
  readonly weights: readonly Float64Array[];

  /** Makes the filterbank of a front end. */
  constructor(config: FilterbankConfig) {
    const { nMels, nFft } = config;
    this.nMels = nMels;
    this.nBins = nFft / 2 + 1;
    this.first = new Int32Array(nMels);
    const dense = melFilterbank(config);
    this.weights = Array.from({ length: nMels }, (_, m) => {
      const row = dense.subarray(m * this.nBins, (m + 1) * this.nBins);
      const first = row.findIndex((weight) => weight !== 0);
      if (first < 0) return new Float64Array(0);
      this.first[m] = first;
      return Float64Array.from(
        row.subarray(first, row.findLastIndex((weight) => weight !== 0) + 1),
      );
    });
  }

  /** Writes the bands of `bins` [nBins] to `mels` [nMels]. */
  apply(bins: Float64Array, mels: Float64Array): void {
    for (let m = 0; m < this.nMels; m++) {
      const weights = this.weights[m], first = this.first[m];
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * bins[first + i];
      mels[m] = sum;
    }
  }

  /** Writes to `bins` [nBins] the sum of the bands, each times its value in `mels` [nMels]: the transpose. */
  applyTransposed(mels: Float64Array, bins: Float64Array): void {
    bins.fill(0);
    for (let m = 0; m < this.nMels; m++) {
      const weights = this.weights[m], first = this.first[m], mel = mels[m];
      for (let i = 0; i < weights.length; i++) bins[first + i] += weights[i] * mel;
    }
  }
}
