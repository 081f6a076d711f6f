/** From the recording of one piano key to a short sample that loops and is in tune. @module */
import { OggVorbisDecoder, salamanderPiano } from "./deps_assets.ts";

/** How one key is cut. */
export interface KeyCut {
  /** The key's name in the package. */
  name: string;
  /** MIDI number. */
  pitch: number;
  /** In Hz. */
  sampleRate: number;
  /** From the strike to the end of the sample. */
  seconds: number;
  /** Length of the loop at its end; 0: no loop, the note dies away by itself. */
  loopSeconds: number;
}

/** A key ready for a SoundFont. */
export interface KeySample extends KeyCut {
  /** In -1..1; where there is a loop the decay of `decayDb` is taken out, an envelope puts it back. */
  audio: Float32Array;
  /** First sample of the loop. */
  loopStart: number;
  /** One past the last sample of the loop. */
  loopEnd: number;
  /** What the envelope takes away, in dB a second. */
  decayDb: number;
  /** How far the recording is above its key, in cents. */
  cents: number;
  /** Mean power of the first half second, in dB. */
  loudnessDb: number;
}

const preRollSeconds = 0.003;
const measuredFactor = 1.8; // how much more of the recording than the cut is looked at
const guardSamples = 16; // after the loop, for players that interpolate across its end

/** Reads, resamples, tunes and loops one key. */
export async function loadKey(cut: KeyCut): Promise<KeySample> {
  const { left, right, sampleRate } = await decode(cut.name);
  const onset = findOnset(left, right);
  const channel = louder(left, right, onset, sampleRate);
  const from = Math.max(0, onset - Math.round(preRollSeconds * sampleRate));
  const wanted = Math.round(cut.seconds * cut.sampleRate);
  const to = from + Math.round(measuredFactor * cut.seconds * sampleRate);
  const whole = resample(channel.subarray(from, to), sampleRate, cut.sampleRate);
  const cents = measureCents(whole, cut.pitch, cut.sampleRate);
  const loudnessDb = powerDb(whole.subarray(0, cut.sampleRate / 2));
  fadeIn(whole, Math.round(preRollSeconds * 0.8 * cut.sampleRate));
  const audio = whole.slice(0, wanted);
  if (cut.loopSeconds === 0) {
    fadeOut(audio, Math.round(audio.length * 0.4));
    return { ...cut, audio, loopStart: 0, loopEnd: 0, decayDb: 0, cents, loudnessDb };
  }
  const decayDb = measureDecay(whole, cut.sampleRate, cut.seconds);
  for (let i = 0; i < audio.length; i++) audio[i] *= 10 ** (decayDb * i / cut.sampleRate / 20);
  const { looped, loopStart, loopEnd } = loop(audio, Math.round(cut.loopSeconds * cut.sampleRate));
  return { ...cut, audio: looped, loopStart, loopEnd, decayDb, cents, loudnessDb };
}

async function decode(name: string) {
  const decoder = new OggVorbisDecoder();
  await decoder.ready;
  const { channelData: [left, right], sampleRate } = await decoder.decodeFile(
    await salamanderPiano(name),
  );
  decoder.free();
  return { left, right, sampleRate };
}

function findOnset(left: Float32Array, right: Float32Array): number {
  const level = (i: number) => Math.max(Math.abs(left[i]), Math.abs(right[i]));
  let peak = 0;
  for (let i = 0; i < left.length; i++) peak = Math.max(peak, level(i));
  return left.findIndex((_, i) => level(i) > 0.04 * peak);
}

/** One of the two microphones: their sum cancels partials, since they stand apart. */
function louder(left: Float32Array, right: Float32Array, onset: number, sampleRate: number) {
  const start = (channel: Float32Array) => channel.subarray(onset, onset + sampleRate);
  return powerDb(start(left)) > powerDb(start(right)) ? left : right;
}

/** Mean power in dB of full scale. */
export function powerDb(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(sum / samples.length + 1e-12);
}

/** Windowed sinc with 48 zero crossings a side, cut off at 0.46 of the lower rate. */
function resample(samples: Float32Array, from: number, to: number): Float32Array {
  const step = from / to;
  const cutoff = 0.92 * Math.min(1, to / from);
  const reach = 48 / cutoff;
  const out = new Float32Array(Math.floor(samples.length / step));
  for (let i = 0; i < out.length; i++) {
    const center = i * step;
    let sum = 0;
    for (let k = Math.ceil(center - reach); k <= center + reach; k++) {
      const t = k - center;
      const x = Math.PI * cutoff * t;
      const sinc = x === 0 ? cutoff : Math.sin(x) / (Math.PI * t);
      const phase = Math.PI * t / reach;
      const window = 0.42 + 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase);
      sum += (samples[k] ?? 0) * sinc * window;
    }
    out[i] = sum;
  }
  return out;
}

/**
 * How far a tone is above equal temperament at 440 Hz. From A2 on the fundamental decides; below it is too weak,
 * and the first four partials are weighed by their strength.
 */
function measureCents(samples: Float32Array, pitch: number, sampleRate: number): number {
  const fundamental = 440 * 2 ** ((pitch - 69) / 12);
  const from = Math.round(0.1 * sampleRate);
  const seconds = pitch < 60 ? 2 : pitch < 84 ? 1.2 : 0.7;
  const tone = samples.slice(from, from + Math.round(seconds * sampleRate));
  for (let i = 0; i < tone.length; i++) tone[i] *= 1 - Math.cos(2 * Math.PI * i / tone.length);
  let [sum, weight] = [0, 0];
  for (const partial of pitch < 45 ? [1, 2, 3, 4] : [1]) {
    const { hertz, strength } = strongest(tone, fundamental * partial, sampleRate);
    sum += strength * 1200 * Math.log2(hertz / (fundamental * partial));
    weight += strength;
  }
  return sum / weight;
}

/** The strongest frequency within 60 cents of `near`: a coarse scan, then refinement by thirds. */
function strongest(tone: Float32Array, near: number, sampleRate: number) {
  const strengthAt = (hertz: number) => spectrumAt(tone, hertz / sampleRate);
  const width = near * (2 ** (60 / 1200) - 1);
  const step = 0.25 * sampleRate / tone.length;
  let [best, most] = [near, 0];
  for (let hertz = near - width; hertz <= near + width; hertz += step) {
    const strength = strengthAt(hertz);
    if (strength > most) [best, most] = [hertz, strength];
  }
  let [low, high] = [best - step, best + step];
  while (high - low > 1e-3 * step) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (strengthAt(a) < strengthAt(b)) low = a;
    else high = b;
  }
  return { hertz: low, strength: strengthAt(low) };
}

/** Magnitude of one frequency (cycles a sample), by Goertzel's recurrence. */
function spectrumAt(tone: Float32Array, frequency: number): number {
  const turn = 2 * Math.cos(2 * Math.PI * frequency);
  let [last, before] = [0, 0];
  for (let i = 0; i < tone.length; i++) [last, before] = [tone[i] + turn * last - before, last];
  return Math.sqrt(Math.max(0, last * last + before * before - turn * last * before));
}

/** Slope of the level around the end of the sample, in dB a second: least squares over tenths of a second. */
function measureDecay(whole: Float32Array, sampleRate: number, seconds: number): number {
  const block = Math.round(0.1 * sampleRate);
  const first = Math.round(seconds * 4); // from 0.4 of the cut on
  const points: { t: number; db: number }[] = [];
  for (let k = first; (k + 1) * block <= whole.length; k++) {
    points.push({ t: k / 10, db: powerDb(whole.subarray(k * block, (k + 1) * block)) });
  }
  const mean = (of: (point: { t: number; db: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [t, db] = [mean((p) => p.t), mean((p) => p.db)];
  const slope = mean((p) => (p.t - t) * (p.db - db)) / mean((p) => (p.t - t) ** 2);
  return Math.max(1.5, Math.min(30, -slope));
}

/**
 * Makes the end repeat without a seam: looks for the place about `length` before the end that resembles the end
 * most, and fades the end into what precedes that place.
 */
function loop(audio: Float32Array, length: number) {
  const loopEnd = audio.length - guardSamples;
  const overlap = Math.round(length * 0.6);
  const start = mostAlike(audio, loopEnd, length);
  const likeness = correlation(audio, start - overlap, loopEnd - overlap, overlap);
  const looped = audio.slice();
  for (let i = 0; i < overlap; i++) {
    const phase = Math.PI / 2 * (i + 1) / overlap;
    const [out, into] = [Math.cos(phase) ** 2, Math.sin(phase) ** 2];
    const power = Math.sqrt(out * out + into * into + 2 * likeness * out * into);
    const mixed = out * audio[loopEnd - overlap + i] + into * audio[start - overlap + i];
    looped[loopEnd - overlap + i] = mixed / power;
  }
  for (let i = 0; i < guardSamples; i++) looped[loopEnd + i] = looped[start + i];
  return { looped, loopStart: start, loopEnd };
}

/** The start of a loop of about `length` where the sound goes as it goes at the end. */
function mostAlike(audio: Float32Array, loopEnd: number, length: number): number {
  const window = Math.round(length * 0.2);
  let [best, bestLikeness] = [loopEnd - length, -1];
  for (let start = loopEnd - Math.round(length * 1.15); start < loopEnd - length * 0.85; start++) {
    const likeness = correlation(audio, start - window, loopEnd - window, window);
    if (likeness > bestLikeness) [best, bestLikeness] = [start, likeness];
  }
  return best;
}

/** Likeness -1..1 of two stretches of equal length. */
function correlation(audio: Float32Array, a: number, b: number, length: number): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    ab += audio[a + i] * audio[b + i];
    aa += audio[a + i] ** 2;
    bb += audio[b + i] ** 2;
  }
  return ab / Math.sqrt(aa * bb + 1e-20);
}

function fadeIn(samples: Float32Array, length: number): void {
  for (let i = 0; i < length; i++) samples[i] *= 0.5 - 0.5 * Math.cos(Math.PI * i / length);
}

function fadeOut(samples: Float32Array, length: number): void {
  for (let i = 0; i < length; i++) {
    samples[samples.length - 1 - i] *= 0.5 - 0.5 * Math.cos(Math.PI * i / length);
  }
}
