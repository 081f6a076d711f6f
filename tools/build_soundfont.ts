/**
 * Builds `assets/piano.sf2`, a small grand piano: 15 zones, one recorded key every six semitones, mono, 16 bits,
 * from the Salamander Grand Piano V3 by Alexander Holm (CC BY 3.0).
 *
 * @module
 */
import {
  BasicInstrument,
  BasicPreset,
  BasicSample,
  BasicSoundBank,
  Generator,
  GeneratorTypes,
  Modulator,
  ModulatorSource,
} from "./deps_assets.ts";
import { type KeyCut, type KeySample, loadKey } from "./piano_sample.ts";

const maxBytes = 2_000_000;
const envelopeDb = 96; // what a SoundFont's decay and release times are the times for
const openFilter = 13500; // absolute cents, 20 kHz
const firstUndamped = 90; // strings above F#6 have no dampers
const fullScale = 0.89;
const velocityFallsConcave = 0x0502; // SoundFont 2.04, section 8.2: 0 at velocity 127, growing downward

const bass = { sampleRate: 22050, seconds: 3.6, loopSeconds: 1.2 };
const middle = { sampleRate: 22050, seconds: 3, loopSeconds: 0.9 };
const treble = { sampleRate: 32000, seconds: 2.2, loopSeconds: 0.6 };

const cuts: readonly KeyCut[] = [
  { name: "A0", pitch: 21, ...bass },
  { name: "D#1", pitch: 27, ...bass },
  { name: "A1", pitch: 33, ...bass },
  { name: "D#2", pitch: 39, ...bass },
  { name: "A2", pitch: 45, ...bass },
  { name: "D#3", pitch: 51, ...middle },
  { name: "A3", pitch: 57, ...middle },
  { name: "D#4", pitch: 63, ...middle },
  { name: "A4", pitch: 69, ...middle },
  { name: "D#5", pitch: 75, ...treble },
  { name: "A5", pitch: 81, ...treble },
  { name: "D#6", pitch: 87, sampleRate: 32000, seconds: 1.5, loopSeconds: 0 },
  { name: "A6", pitch: 93, sampleRate: 32000, seconds: 1.6, loopSeconds: 0 },
  { name: "D#7", pitch: 99, sampleRate: 32000, seconds: 1.2, loopSeconds: 0 },
  { name: "A7", pitch: 105, sampleRate: 32000, seconds: 0.9, loopSeconds: 0 },
];

/** Brings each key to a parabola through the recorded levels, then all to full scale. */
function balance(keys: readonly KeySample[]): void {
  const target = fitParabola(keys.map(({ pitch, loudnessDb }) => ({ x: pitch, y: loudnessDb })));
  for (const { audio, pitch, loudnessDb } of keys) {
    const gain = 10 ** ((target(pitch) - loudnessDb) / 20);
    for (let i = 0; i < audio.length; i++) audio[i] *= gain;
  }
  const peaks = keys.map(({ audio }) => audio.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
  const gain = fullScale / Math.max(...peaks);
  for (const { audio } of keys) for (let i = 0; i < audio.length; i++) audio[i] *= gain;
}

/** Least squares through orthogonal polynomials of the middle-centered x. */
function fitParabola(points: readonly { x: number; y: number }[]): (x: number) => number {
  const mean = (of: (x: number, y: number) => number) =>
    points.reduce((sum, { x, y }) => sum + of(x, y), 0) / points.length;
  const center = mean((x) => x);
  const p1 = (x: number) => x - center;
  const [m2, m3] = [mean((x) => p1(x) ** 2), mean((x) => p1(x) ** 3)];
  const p2 = (x: number) => p1(x) ** 2 - m3 / m2 * p1(x) - m2;
  const c0 = mean((_, y) => y);
  const c1 = mean((x, y) => y * p1(x)) / m2;
  const c2 = mean((x, y) => y * p2(x)) / mean((x) => p2(x) ** 2);
  return (x) => c0 + c1 * p1(x) + c2 * p2(x);
}

function addZone(bank: BasicSoundBank, instrument: BasicInstrument, key: KeySample): void {
  const tuning = Math.round(-key.cents);
  const { name, sampleRate, pitch, loopStart, loopEnd } = key;
  const sample = new BasicSample(name, sampleRate, pitch, tuning, 1, loopStart, loopEnd);
  sample.setAudioData(key.audio.map((value) => Math.round(value * 32767) / 32768), sampleRate);
  bank.addSamples(sample);

  const zone = instrument.createZone(sample);
  const [first, last] = [pitch === 21 ? 0 : pitch - 3, pitch === 105 ? 127 : pitch + 2];
  zone.keyRange = { min: first, max: last };
  const decay = key.decayDb > 0 ? timecents(envelopeDb / key.decayDb) : 0;
  const damped = pitch < firstUndamped;
  zone.addGenerators(
    new Generator(GeneratorTypes.sampleModes, key.decayDb > 0 ? 1 : 0),
    new Generator(GeneratorTypes.pan, Math.round((pitch - 63) / 42 * 130)),
    new Generator(GeneratorTypes.releaseVolEnv, timecents(damped ? damping(pitch) : 12)),
  );
  if (key.decayDb > 0) {
    zone.addGenerators(
      // A key above the recorded one plays, and so must fade, faster by the same ratio.
      new Generator(GeneratorTypes.keyNumToVolEnvDecay, 100),
      new Generator(GeneratorTypes.decayVolEnv, decay - (60 - pitch) * 100),
      new Generator(GeneratorTypes.sustainVolEnv, 1000),
    );
  }
  zone.addModulators(softness(pitch));
}

/** Seconds for 96 dB after the damper falls: heavy strings take longer. */
function damping(pitch: number): number {
  return 0.55 + 0.65 * Math.max(0, (63 - pitch) / 42);
}

/** Softer strikes are duller: the filter closes with velocity, never below an octave above the key. */
function softness(pitch: number): Modulator {
  const velocity20 = 40 / 96 * Math.log10(127 / 20); // the concave curve at velocity 20
  const amount = Math.min(15000, (openFilter - 100 * pitch - 1200) / velocity20);
  return new Modulator(
    ModulatorSource.fromSourceEnum(velocityFallsConcave),
    new ModulatorSource(),
    GeneratorTypes.initialFilterFc,
    -Math.round(amount),
  );
}

/** A soft strike loses 30 dB a decade of velocity: nearer to the recordings than the 40 of the standard. */
function loudness(): Modulator {
  return new Modulator(
    ModulatorSource.fromSourceEnum(velocityFallsConcave),
    new ModulatorSource(),
    GeneratorTypes.initialAttenuation,
    720,
  );
}

function timecents(seconds: number): number {
  return Math.round(1200 * Math.log2(seconds));
}

const keys: KeySample[] = [];
for (const cut of cuts) keys.push(await loadKey(cut));
balance(keys);

const bank = new BasicSoundBank();
Object.assign(bank.soundBankInfo, {
  name: "coopertunes small grand",
  creationDate: new Date(0), // the same bytes from every build
  engineer: "Alexander Holm (recordings)",
  copyright: "CC BY 3.0, https://creativecommons.org/licenses/by/3.0/",
  comment: "15 keys of the Salamander Grand Piano V3, cut, looped, tuned and balanced",
});
const instrument = new BasicInstrument();
instrument.name = "Grand piano";
instrument.globalZone.addModulators(loudness());
for (const key of keys) addZone(bank, instrument, key);
bank.addInstruments(instrument);
const preset = new BasicPreset(bank);
preset.name = "Grand piano";
preset.createZone(instrument);
bank.addPresets(preset);
bank.flush();

const bytes = new Uint8Array(bank.writeSF2({ software: "coopertunes" }));
if (bytes.length >= maxBytes) {
  throw new RangeError(`The SoundFont has ${bytes.length} bytes, expected less than ${maxBytes}`);
}
await Deno.writeFile(new URL("../assets/piano.sf2", import.meta.url), bytes);
for (const key of keys) {
  console.log(
    `${key.name.padEnd(4)} ${key.cents.toFixed(1).padStart(6)} cents  ${
      key.decayDb.toFixed(1).padStart(5)
    } dB/s  ${key.loudnessDb.toFixed(1)} dB  ${key.audio.length} samples`,
  );
}
console.log(`assets/piano.sf2: ${bytes.length} bytes`);
