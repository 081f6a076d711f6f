import { deepStrictEqual as deepEqual, notDeepStrictEqual, ok, throws } from "node:assert/strict";
import { griffinLim, type GriffinLimOptions } from "../../../datatools/audio/griffin_lim.ts";
import { magnitudes, Stft, type StftConfig } from "../../../datatools/audio/stft.ts";

const sizes = { nFft: 256, winLength: 256, hopLength: 64 };
const centred: StftConfig = { ...sizes, framePadding: "centerZero" };

/** Two gliding tones that fade in and out. */
const sound = Float32Array.from({ length: 4096 }, (_, t) => {
  const fade = Math.sin(Math.PI * t / 4096) ** 2;
  return fade * (0.4 * Math.sin(t * (0.2 + t * 2e-5)) + 0.3 * Math.sin(t * (0.9 - t * 5e-5)));
});

/** |wanted - found| / |wanted| of the magnitudes. */
function convergence(config: StftConfig, options: GriffinLimOptions): number {
  const stft = new Stft(config);
  const wanted = magnitudes(stft.forward(sound));
  const found = magnitudes(stft.forward(griffinLim(wanted, config, options)));
  const square = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(square(wanted.map((value, i) => value - found[i])) / square(wanted));
}

for (const framePadding of ["none", "centerReflect", "centerZero"] as const) {
  Deno.test(`griffinLim() comes nearer with more rounds: ${framePadding}`, () => {
    const config = { ...sizes, framePadding };
    const [start, some, more] = [0, 32, 200].map((iterations) =>
      convergence(config, { iterations })
    );
    ok(start > 0.5 && some < 0.15 && more < some, `${start}, ${some}, ${more}`);
  });
}

Deno.test("griffinLim() is faster with momentum", () => {
  const plain = convergence(centred, { iterations: 50, momentum: 0 });
  const fast = convergence(centred, { iterations: 50 });
  ok(fast < 0.75 * plain, `${fast} with, ${plain} without`);
});

Deno.test("griffinLim() of a seed is the same sound, of another seed another", () => {
  const wanted = magnitudes(new Stft(centred).forward(sound));
  const find = (seed: number) => griffinLim(wanted, centred, { iterations: 3, seed });
  deepEqual(find(7), find(7));
  notDeepStrictEqual(find(7), find(8));
  deepEqual(griffinLim(wanted, centred, { iterations: 2, length: 4000 }).length, 4000);
});

Deno.test("griffinLim() of silence is silence", () => {
  const silence = griffinLim(new Float32Array(129 * 8), centred);
  ok(silence.every((sample) => sample === 0));
});

Deno.test("griffinLim() of few frames is finite, as long as they are", () => {
  for (const framePadding of ["none", "centerZero", "centerReflect"] as const) {
    for (const nFrames of [1, 2, 3]) {
      const config = { nFft: 256, winLength: 256, hopLength: 64, framePadding };
      const sound = griffinLim(new Float32Array(129 * nFrames).fill(1), config);
      deepEqual(sound.length, framePadding === "none" ? 64 * nFrames : 64 * (nFrames - 1));
      ok(sound.every(Number.isFinite) && (sound.length === 0 || sound.some((x) => x !== 0)));
    }
  }
});

Deno.test("griffinLim() refuses magnitudes and options that it cannot use", () => {
  const wanted = new Float32Array(129 * 2);
  throws(() => griffinLim(new Float32Array(130), centred), {
    name: "TypeError",
    message: "griffinLim: found 130 magnitudes, expected 129 for each of at least one frame",
  });
  throws(() => griffinLim(new Float32Array(0), centred), TypeError);
  for (const bad of [NaN, -1, Infinity]) {
    wanted[130] = bad;
    throws(() => griffinLim(wanted, centred), {
      name: "RangeError",
      message: `griffinLim: the magnitude of frame 1, frequency 1 is ${bad}, ` +
        "expected a finite number of at least 0",
    });
  }
  wanted[130] = 0;
  throws(() => griffinLim(wanted, centred, { iterations: 1.5 }), /iterations is 1.5/);
  throws(() => griffinLim(wanted, centred, { momentum: 2 }), /momentum is 2/);
});
