import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { logMelOf, logMelPieces, LogMelStream } from "../../../datatools/audio/log_mel.ts";
import { melFilterbank } from "../../../datatools/audio/mel.ts";
import { magnitudes, Stft } from "../../../datatools/audio/stft.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { type MelConfig, melConfigSchema } from "../../../hparams/mel_config.ts";
import { fc } from "../../../deps/fast_check.ts";

const small = { nFft: 64, winLength: 48, hopLength: 16, nMels: 8 };
const configs: MelConfig[] = [
  melConfigSchema.parse(small),
  melConfigSchema.parse({ ...small, hopLength: 7, logBase: "e", melPower: 2 }),
  melConfigSchema.parse({
    ...small,
    framePadding: "centerReflect",
    logMelOffset: 5,
    logMelScale: 5,
  }),
  melConfigSchema.parse({ ...small, framePadding: "centerZero", logBase: "e", logFloor: 0.1 }),
  melConfigSchema.parse({ ...small, hopLength: 61, framePadding: "centerReflect" }),
];
const noise = (length: number) => new RandomStream(5, "sound").normal(0, length);

/** The definition: dense filterbank on the spectrum. */
function slowLogMel(samples: Float32Array, config: MelConfig): number[] {
  const { nFrames, nBins, ...spectrum } = new Stft(config).forward(samples);
  const bins = magnitudes({ nFrames, nBins, ...spectrum });
  const filterbank = melFilterbank(config);
  return Array.from({ length: nFrames * config.nMels }, (_, i) => {
    const [frame, m] = [Math.floor(i / config.nMels), i % config.nMels];
    let mel = 0;
    for (let k = 0; k < nBins; k++) {
      mel += filterbank[m * nBins + k] * bins[frame * nBins + k] ** config.melPower;
    }
    const floored = Math.max(mel, config.logFloor);
    const log = config.logBase === "e" ? Math.log(floored) : Math.log10(floored);
    return (log + config.logMelOffset) / config.logMelScale;
  });
}

for (const [i, config] of configs.entries()) {
  Deno.test(`logMelOf() equals its definition (front end ${i})`, () => {
    const samples = noise(500);
    const logMel = logMelOf(samples, config);
    const slow = slowLogMel(samples, config);
    equal(logMel.length, slow.length);
    logMel.forEach((value, at) => ok(Math.abs(value - slow[at]) < 1e-5, `${value}, ${slow[at]}`));
  });

  Deno.test(`LogMelStream gives the same frames however the sound is cut (front end ${i})`, () => {
    const pieces = fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 12 });
    const firsts = fc.constantFrom(0, 24, 28, 32, 33, 64);
    fc.assert(
      fc.property(firsts, pieces, (first, lengths) => {
        const samples = noise(70 + first + lengths.reduce((sum, length) => sum + length, 0));
        const stream = new LogMelStream(config);
        const frames: number[] = [];
        let at = 0;
        for (const length of [first, ...lengths, 70]) {
          frames.push(...stream.push(samples.subarray(at, at + length)));
          at += length;
        }
        frames.push(...stream.end());
        ok(frames.every(Number.isFinite));
        deepEqual(Float32Array.from(frames), logMelOf(samples, config));
      }),
      { examples: [[32, [20]]] },
    ); // 2 hops of 61: the last frame ends where the padding does
  });
}

Deno.test("logMelPieces() joined are the log-mel of the whole", async () => {
  const samples = noise(500);
  const pieces = async function* () {
    for (let at = 0; at < 500; at += 90) yield await Promise.resolve(samples.slice(at, at + 90));
  };
  for (const config of configs) {
    const frames = (await Array.fromAsync(logMelPieces(pieces(), config))).flatMap((x) => [...x]);
    deepEqual(Float32Array.from(frames), logMelOf(samples, config));
  }
});

Deno.test("logMelOf() of silence is the floor", () => {
  deepEqual(new Set(logMelOf(new Float32Array(500), configs[0])), new Set([-5]));
  const scaled = melConfigSchema.parse({ ...small, logMelOffset: 5, logMelScale: 5 });
  deepEqual(new Set(logMelOf(new Float32Array(500), scaled)), new Set([0]));
});

Deno.test("LogMelStream refuses samples that are not finite and sound that is too short", () => {
  const stream = new LogMelStream(configs[0]);
  stream.push(noise(100));
  throws(() => stream.push(Float32Array.of(0, NaN)), {
    name: "RangeError",
    message: "Cannot make a log-mel: sample 101 is NaN, expected a finite number",
  });
  throws(() => new LogMelStream(configs[0]).end(), { name: "RangeError", message: /Cannot cut 0/ });
  throws(() => logMelOf(noise(10), configs[0]), { name: "RangeError", message: /Cannot cut 10/ });
});
