import { type Tensor2D, tf } from "../../../deps/tf.ts";
import { magnitudes, Stft } from "../../../datatools/audio/stft.ts";
import { multiResolutionStft } from "../../../datatools/metrics/audio.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { l1, StftLoss } from "../../../models/nn/mod.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

await openBackend();

const SAMPLES = 300;
const sizes = [
  { nFft: 64, winLength: 60, hopLength: 12 },
  { nFft: 128, winLength: 120, hopLength: 24 },
  { nFft: 32, winLength: 15, hopLength: 5 },
];
const noise = (name: string) =>
  new RandomStream(4, name).normal(0, 2 * SAMPLES).map((x) => 0.1 * x);
const audioOf = (values: Float32Array): Tensor2D => tf.tensor2d(values, [2, SAMPLES]);

/** The loss from the transform of the datatools, in float64. */
function expectedLoss(real: Float32Array, made: Float32Array): number {
  let sum = 0;
  for (const { nFft, winLength, hopLength } of sizes) {
    const stft = new Stft({ nFft, winLength, hopLength, framePadding: "centerReflect" });
    const spectra = [real, made].map((values) =>
      [0, 1].flatMap((i) => [
        ...magnitudes(stft.forward(values.subarray(i * SAMPLES, (i + 1) * SAMPLES))),
      ])
    );
    const [s, t] = spectra as [number[], number[]];
    let apart = 0, whole = 0, logs = 0;
    s.forEach((value, i) => {
      apart += (value - t[i]!) ** 2;
      whole += value ** 2;
      logs += Math.abs(Math.log(Math.max(value, 1e-5)) - Math.log(Math.max(t[i]!, 1e-5)));
    });
    sum += Math.sqrt(apart / whole) + logs / s.length;
  }
  return sum / 3;
}

Deno.test("l1 is the mean distance", async () => {
  const [value] = await l1(tf.tensor1d([1, -2, 3]), tf.tensor1d([2, 2, 3])).data();
  assert(Math.abs(value! - 5 / 3) <= 1e-6, `${value}`);
});

Deno.test("StftLoss equals spectral convergence and log distance of the transforms, and leaks nothing", async () => {
  using stftLoss = new StftLoss(sizes);
  const real = noise("real"), made = noise("made");
  const tensors = [real, made].map(audioOf) as [Tensor2D, Tensor2D];
  const before = tf.memory().numTensors;
  const loss = stftLoss.loss(...tensors);
  assertEquals(tf.memory().numTensors, before + 1);
  const expected = expectedLoss(real, made), [value] = await loss.data();
  assert(Math.abs(value! - expected) <= 1e-4 * expected, `${value}, expected ${expected}`);
});

Deno.test("StftLoss is 0 at equality, and its gradient is finite there and at silence", async () => {
  using stftLoss = new StftLoss(sizes);
  const real = audioOf(noise("real")), silence = tf.zerosLike(real);
  const [same] = await stftLoss.loss(real, real).data();
  assert(same! <= 2e-6, `${same}`);
  for (
    const [a, b] of [[real, real], [real, silence], [silence, silence], [silence, real]] as const
  ) {
    const gradient = tf.grad((made: tf.Tensor) => stftLoss.loss(a, made as Tensor2D))(b);
    assert((await gradient.data()).every(Number.isFinite));
  }
});

Deno.test("StftLoss.loss is the sum of its two parts", async () => {
  using stftLoss = new StftLoss(sizes);
  const real = audioOf(noise("real")),
    made = audioOf(noise("made")),
    spectra = stftLoss.spectra(real);
  const parts = tf.add(stftLoss.convergence(spectra, made), stftLoss.logDistance(spectra, made));
  const [[sum], [whole]] = [await parts.data(), await stftLoss.loss(real, made).data()];
  assert(Math.abs(sum! - whole!) < 1e-5 * whole!, `${sum}, ${whole}`);
});

Deno.test("StftLoss has the gradient of its differences", async () => {
  using stftLoss = new StftLoss(sizes);
  const real = audioOf(noise("real")), made = noise("made"), at = [3, 140, 440];
  const gradient = await tf.grad((x: tf.Tensor) => stftLoss.loss(real, x as Tensor2D))(
    audioOf(made),
  ).data();
  for (const i of at) {
    const step = 1e-4,
      around = [-step, step].map((change) => {
        const moved = made.slice();
        moved[i]! += change;
        return expectedLoss(noise("real"), moved);
      });
    const slope = (around[1]! - around[0]!) / (2 * step);
    assert(
      Math.abs(slope - gradient[i]!) <= 0.02 * Math.abs(slope) + 2e-4,
      `${slope}, ${gradient[i]}`,
    );
  }
});

Deno.test("StftLoss has the paper's resolutions, and refuses audio that is too short or of two lengths", () => {
  using stftLoss = new StftLoss();
  const short = tf.zeros<tf.Rank.R2>([1, 1024]);
  assertThrows(() => stftLoss.loss(short, short), /1024 samples, expected at least 1025/);
  assertThrows(() => stftLoss.loss(short, tf.zeros([1, 2048])), /\[1,1024\], expected \[1, 2048\]/);
});

Deno.test("StftLoss with the paper's resolutions is the distance that evaluation takes", async () => {
  const [real, made] = ["real", "made"].map((name) =>
    new RandomStream(5, name).normal(0, 3000).map((x) => 0.1 * x)
  ) as [Float32Array, Float32Array];
  using stft = new StftLoss();
  const loss = stft.loss(tf.tensor2d(real, [1, 3000]), tf.tensor2d(made, [1, 3000]));
  const [found] = await loss.data(), { total } = multiResolutionStft(real, made);
  assert(Math.abs(found! - total) < 1e-4 * total, `${found}, not ${total}`);
});
