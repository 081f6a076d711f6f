import { type Tensor3D, tf } from "../../../deps/tf.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { CausalAttention, linearBiasSlopes } from "../../../models/nn/mod.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

await openBackend();
const random = new RandomStream(4, "attention");
const width = 12, heads = 3, time = 9, batch = 2;

function attention(window: number, slopes = linearBiasSlopes(heads)): CausalAttention {
  return new CausalAttention({ width, heads, window, slopes }).initialize(6);
}

function inputs(step = 0): Tensor3D {
  return tf.tensor3d(random.normal(step, time * batch * width), [time, batch, width]);
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assertEquals(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assert(Math.abs(actual[i]! - expected[i]!) < 2e-6, `${i}: ${actual[i]}, not ${expected[i]}`);
  }
}

/** The definition, one number after the other, in float64. */
async function reference(model: CausalAttention, x: Tensor3D): Promise<number[]> {
  const values = await x.data(), { window, slopes } = model.sizes, d = width / heads;
  const [weight, bias] = [await model.inWeight.value.data(), await model.inBias.value.data()];
  const outWeight = await model.output.weight.value.data();
  const outBias = await model.output.bias.value.data();
  const at = (t: number, b: number, j: number) => values[(t * batch + b) * width + j]!;
  const project = (row: number, t: number, b: number) =>
    Array.from({ length: width }, (_, j) => weight[row * width + j]! * at(t, b, j))
      .reduce((sum, term) => sum + term, bias[row]!);
  const result: number[] = [];
  for (let t = 0; t < time; t++) {
    for (let b = 0; b < batch; b++) {
      const context: number[] = [];
      for (let h = 0; h < heads; h++) {
        const first = Math.max(0, t - window + 1);
        const rows = Array.from({ length: t - first + 1 }, (_, i) => first + i);
        const channel = Array.from({ length: d }, (_, j) => h * d + j);
        const scores = rows.map((s) => {
          const product = channel.map((j) => project(j, t, b) * project(width + j, s, b));
          return product.reduce((sum, x) => sum + x) / Math.sqrt(d) - slopes[h]! * (t - s);
        });
        const weights = scores.map((score) => Math.exp(score - Math.max(...scores)));
        const total = weights.reduce((sum, x) => sum + x);
        for (const j of channel) {
          const sum = rows.reduce((s, r, i) => s + weights[i]! * project(2 * width + j, r, b), 0);
          context.push(sum / total);
        }
      }
      for (let j = 0; j < width; j++) {
        const terms = context.map((value, k) => outWeight[j * width + k]! * value);
        result.push(terms.reduce((sum, term) => sum + term, outBias[j]!));
      }
    }
  }
  return result;
}

Deno.test("CausalAttention equals its definition for every window", async () => {
  for (const window of [1, 2, 4, time, 20]) {
    using model = attention(window);
    const x = inputs(window);
    assertClose(await model.forward(x, null).x.data(), await reference(model, x));
  }
});

Deno.test("CausalAttention in parts, each with the past of the one before, equals the whole", async () => {
  for (const window of [2, 4, time, 20]) {
    using model = attention(window);
    const x = inputs(), whole = await model.forward(x, null).x.data();
    for (const lengths of [[1, 1, 7], [5, 4], [3, 3, 3]]) {
      const parts: number[] = [];
      let past: Tensor3D | null = null, at = 0;
      for (const length of lengths) {
        const next: { x: Tensor3D; past: Tensor3D | null } = model.forward(
          tf.slice(x, [at, 0, 0], [length, batch, width]),
          past,
        );
        parts.push(...await next.x.data());
        past = next.past;
        at += length;
        assertEquals(past!.shape, [Math.min(window - 1, at), batch, 2 * width]);
      }
      assertClose(parts, whole);
    }
  }
});

Deno.test("CausalAttention hears nothing later than a step, and nothing before its window", async () => {
  const window = 3;
  using model = attention(window);
  const x = inputs(), before = await model.forward(x, null).x.data();
  const changed = 4, row = batch * width;
  const moved = tf.add(
    x,
    tf.oneHot(tf.tensor1d([changed], "int32"), time).reshape([time, 1, 1]),
  ) as Tensor3D;
  const after = await model.forward(moved, null).x.data();
  for (let t = 0; t < time; t++) {
    const differs = before.slice(t * row, (t + 1) * row).some((v, i) => v !== after[t * row + i]);
    assertEquals(differs, t >= changed && t < changed + window, `step ${t}`);
  }
});

Deno.test("linearBiasSlopes are those of the paper for eight heads", () => {
  assertEquals(linearBiasSlopes(8), [1, 2, 3, 4, 5, 6, 7, 8].map((head) => 2 ** -head));
});

Deno.test("CausalAttention names a past of the wrong shape", () => {
  using model = attention(4);
  assertThrows(
    () => model.forward(inputs(), tf.zeros([2, batch, width])),
    /past\) has shape \[2,2,12\], expected \[n, 2, 24\]/,
  );
});
