import { ok, strictEqual as equal, throws } from "node:assert/strict";
import { loudness, LoudnessMeter } from "../../../datatools/audio/loudness.ts";

/** Sines of the levels, in dB of full scale, one after another. */
function tones(
  parts: readonly [db: number, seconds: number][],
  sampleRate = 48000,
  frequency = 1000,
) {
  const lengths = parts.map(([, seconds]) => Math.round(seconds * sampleRate));
  const samples = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const [n, [db]] of parts.entries()) {
    for (const end = at + lengths[n]; at < end; at++) {
      samples[at] = 10 ** (db / 20) * Math.sin(2 * Math.PI * frequency * at / sampleRate);
    }
  }
  return samples;
}

function isNear(found: number, expected: number, tolerance: number): void {
  ok(Math.abs(found - expected) <= tolerance, `${found}, expected ${expected}`);
}

Deno.test("loudness() of a full sine of 997 Hz in one channel is -3.01 LUFS, at every rate", () => {
  for (const sampleRate of [8000, 16000, 22050, 44100, 48000, 96000]) {
    const tolerance = sampleRate === 44100 || sampleRate === 48000 ? 0.01 : 0.05; // the filters bend a little
    const sine = tones([[0, 2]], sampleRate, 997);
    const silence = new Float32Array(sine.length);
    isNear(loudness({ channels: [sine], sampleRate }), -3.01, tolerance);
    isNear(loudness({ channels: [sine, silence], sampleRate }), -3.01, tolerance);
    isNear(loudness({ channels: [sine, sine], sampleRate }), 0, tolerance);
  }
});

/** EBU Tech 3341, table 1, cases 1 to 5: stereo sines of 1000 Hz, 0.1 LU allowed. */
const ebuCases: [parts: [number, number][], lufs: number][] = [
  [[[-23, 20]], -23],
  [[[-33, 20]], -33],
  [[[-36, 10], [-23, 60], [-36, 10]], -23],
  [[[-72, 10], [-36, 10], [-23, 60], [-36, 10], [-72, 10]], -23],
  [[[-26, 20], [-20, 20.1], [-26, 20]], -23],
];

for (const [i, [parts, lufs]] of ebuCases.entries()) {
  Deno.test(`loudness() passes case ${i + 1} of EBU Tech 3341`, () => {
    const samples = tones(parts);
    isNear(loudness({ channels: [samples, samples], sampleRate: 48000 }), lufs, 0.1);
  });
}

Deno.test("loudness() passes case 6 of EBU Tech 3341, five channels; the bass of 5.1 does not count", () => {
  const [front, center, back] = [-28, -24, -30].map((db) => tones([[db, 20]]));
  const five = [front, front, center, back, back];
  isNear(loudness({ channels: five, sampleRate: 48000 }), -23, 0.1);
  const six = five.toSpliced(3, 0, tones([[0, 20]]));
  isNear(loudness({ channels: six, sampleRate: 48000 }), -23, 0.1);
});

Deno.test("loudness() weights by frequency as BS.1770 does at 48 kHz", () => {
  // |H| of tables 1 and 2 at these frequencies, in dB, from their coefficients
  const responses = [[25, -10.393], [100, -1.133], [997, 0.691], [10000, 4.042]];
  for (const [frequency, db] of responses) {
    isNear(
      loudness({ channels: [tones([[-20, 3]], 48000, frequency)], sampleRate: 48000 }),
      -20 - 3.01 - 0.691 + db,
      0.02,
    );
  }
});

Deno.test("LoudnessMeter gives the same however the sound is cut", () => {
  const samples = tones([[-26, 1.3], [-20, 0.75]]);
  const whole = loudness({ channels: [samples, samples], sampleRate: 48000 });
  for (const step of [1000, 4799, 4800, 33333]) {
    const meter = new LoudnessMeter(48000, 2);
    for (let at = 0; at < samples.length; at += step) {
      const part = samples.subarray(at, at + step);
      meter.push([part, part]);
    }
    isNear(meter.lufs(), whole, 1e-9);
  }
});

Deno.test("loudness() of silence and of nothing is -Infinity; a short sound counts as one block", () => {
  equal(loudness({ channels: [new Float32Array(48000)], sampleRate: 48000 }), -Infinity);
  equal(loudness({ channels: [new Float32Array()], sampleRate: 48000 }), -Infinity);
  equal(loudness({ channels: [tones([[-80, 2]])], sampleRate: 48000 }), -Infinity);
  isNear(loudness({ channels: [tones([[-20, 0.25]])], sampleRate: 48000 }), -23, 0.2);
});

Deno.test("LoudnessMeter refuses rates that cannot hold its filters", () => {
  throws(() => new LoudnessMeter(3000, 1), {
    name: "RangeError",
    message: /loudness at 3000 Hz: expected at least 4000/,
  });
});
