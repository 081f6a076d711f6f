/** One wrong sign in the gradient of each operation, in each place where it is written; see `break_gradients.ts`. @module */
import { root } from "./imports.ts";

/** A change that makes a gradient wrong. */
export interface Break {
  readonly op: string;
  /** Below `models/device/kernels/`. */
  readonly file: string;
  /** Text that occurs once in the file, and what stands there instead. */
  readonly from: string;
  readonly to: string;
  /** The backend whose tests must notice. */
  readonly backend: "cpu" | "wasm" | "webgpu";
  /** The tests that must notice, below `tests/models/device/kernels/`. */
  readonly test: string;
}

/** The same operation, broken in several places. */
function breaks(
  op: string,
  test: string,
  places: readonly (readonly [Break["backend"], file: string, from: string, to: string])[],
): Break[] {
  return places.map(([backend, file, from, to]) => ({ op, test, backend, file, from, to }));
}

/** All of them. */
export const gradientBreaks: readonly Break[] = [
  ...breaks("matmul", "matmul_test.ts", [
    ["wasm", "matmul/tile.as", "c40 = madd(s4, b0, c40);", "c40 = madd(f32x4.neg(s4), b0, c40);"],
    ["webgpu", "matmul/product_wgsl.ts", "sum${s * quads + t} += a", "sum${s * quads + t} -= a"],
  ]),
  ...breaks("convolution, in x", "convolution_test.ts", [
    ["wasm", "convolution/wasm.ts", "m.from + top", "m.from - top"],
    ["webgpu", "convolution/webgpu.ts", "n.tapStep * tap,", "-n.tapStep * tap,"],
    [
      "wasm",
      "convolution/gradient.ts",
      "x: () => inputGradient(dy, filter, x.shape, attributes),\n        filter",
      "x: () => tf.neg(inputGradient(dy, filter, x.shape, attributes)),\n        filter",
    ],
  ]),
  ...breaks("convolution, in the filter", "convolution_test.ts", [
    [
      "wasm",
      "convolution/filter_gradient.as",
      "load<f32>(out + at) + value : value",
      "load<f32>(out + at) - value : value",
    ],
    [
      "webgpu",
      "convolution/convolution_wgsl.ts",
      "sizes.dilationDown - sizes.top",
      "sizes.dilationDown + sizes.top",
    ],
  ]),
  ...breaks("convolution against differences", "convolution_gradient_test.ts", [
    ["cpu", "convolution/cpu.ts", "dx[xAt] += dy", "dx[xAt] -= dy"],
    ["cpu", "convolution/cpu.ts", "dFilter[filterAt] += x", "dFilter[filterAt] -= x"],
    [
      "wasm",
      "convolution/gradient.ts",
      "dy: () => forward(x, filter, attributes),\n      filter",
      "dy: () => tf.neg(forward(x, filter, attributes)),\n      filter",
    ],
  ]),
  ...breaks("gather", "gather_test.ts", [
    [
      "wasm",
      "gather/gather.as",
      "f32x4.add(v128.load(to + o), v128.load(from + o))",
      "f32x4.sub(v128.load(to + o), v128.load(from + o))",
    ],
  ]),
  ...breaks("strided slice", "copy_test.ts", [
    [
      "wasm",
      "copy/gradient.ts",
      "const ahead = back ? tf.reverse(rows, 1) : rows;",
      "const ahead = tf.neg(back ? tf.reverse(rows, 1) : rows);",
    ],
  ]),
  ...breaks("mirror padding", "mirror_pad_test.ts", [
    ["cpu", "mirror_pad/cpu.ts", "dx[to * inner + i] += dy", "dx[to * inner + i] -= dy"],
    [
      "wasm",
      "mirror_pad/mirror_pad.as",
      "combineRows(plain, plain, 1, padded, 1,",
      "combineRows(plain, plain, 1, padded, -1,",
    ],
    [
      "webgpu",
      "mirror_pad/webgpu.ts",
      "sum += dy[first + (sizes.before - 1u",
      "sum -= dy[first + (sizes.before - 1u",
    ],
    [
      "wasm",
      "mirror_pad/gradient.ts",
      'return { dy: () => runKernel("MirrorPad", { x: u as Tensor }',
      'return { dy: () => runKernel("MirrorPad", { x: (u as Tensor).neg() }',
    ],
  ]),
  ...breaks("average pooling and enlarging", "pooling_test.ts", [
    ["cpu", "pooling/cpu.ts", "x[position + c] += share", "x[position + c] -= share"],
    ["wasm", "pooling/pooling.as", "share = mean ? 1 /", "share = mean ? -1 /"],
    ["webgpu", "pooling/webgpu.ts", "sum += part /", "sum -= part /"],
    [
      "wasm",
      "pooling/gradient.ts",
      'runKernel("AvgPool", { x: u as Tensor }',
      'runKernel("AvgPool", { x: (u as Tensor).neg() }',
    ],
  ]),
  ...breaks("leaky ReLU", "leaky_relu_test.ts", [
    ["cpu", "leaky_relu/cpu.ts", "slope : alpha * slope", "slope : -alpha * slope"],
    [
      "wasm",
      "element/element.as",
      "bitselect(x, f32x4.mul(x, a), f32x4.gt(",
      "bitselect(x, f32x4.mul(x, a), f32x4.lt(",
    ],
    ["webgpu", "leaky_relu/webgpu.ts", 'source("x[i] > 0.0", true)', 'source("x[i] < 0.0", true)'],
    [
      "wasm",
      "leaky_relu/gradient.ts",
      "dy: () => gradient(u as Tensor",
      "dy: () => gradient((u as Tensor).neg()",
    ],
  ]),
  ...breaks("tanh, exp, sigmoid and softmax, second derivatives", "element_test.ts", [
    ["wasm", "element/gradient.ts", "gradFunc(dy, [y]", "gradFunc(dy, [tf.neg(y)]"],
  ]),
  ...breaks("batch normalisation", "batch_norm_test.ts", [
    ["cpu", "batch_norm/cpu.ts", "dy[i] - meanDy[c] - value", "dy[i] - meanDy[c] + value"],
    ["wasm", "batch_norm/batch_norm_grad.as", "b = -a * scale", "b = a * scale"],
    ["webgpu", "batch_norm/batch_norm_wgsl.ts", "let b = -a * scale", "let b = a * scale"],
  ]),
  ...breaks("layer normalisation", "layer_norm_test.ts", [
    ["cpu", "layer_norm/cpu.ts", "- meanDy - normed(c)", "- meanDy + normed(c)"],
    [
      "wasm",
      "layer_norm/layer_norm.as",
      "(-scale * <f64>total(product)",
      "(scale * <f64>total(product)",
    ],
    ["webgpu", "layer_norm/layer_norm_wgsl.ts", "- means.x - normed", "- means.x + normed"],
  ]),
  ...breaks("pixel normalisation", "pixel_norm_test.ts", [
    ["cpu", "pixel_norm/cpu.ts", "scale * dy[i] - along", "scale * dy[i] + along"],
    ["wasm", "pixel_norm/pixel_norm.as", "-s * s * s", "s * s * s"],
    ["webgpu", "pixel_norm/pixel_norm_wgsl.ts", "(dy[i] - scale", "(dy[i] + scale"],
    ["wasm", "pixel_norm/gradient.ts", "const rest = tf.add(", "const rest = tf.sub("],
  ]),
  ...breaks("weight normalisation", "weight_norm_test.ts", [
    ["cpu", "weight_norm/cpu.ts", "(dw[i] - dg[c]", "(dw[i] + dg[c]"],
    ["wasm", "weight_norm/weight_norm.as", "-scale * product / square", "scale * product / square"],
    ["webgpu", "weight_norm/weight_norm_wgsl.ts", "(dw[at] - v[at]", "(dw[at] + v[at]"],
    [
      "wasm",
      "weight_norm/gradient.ts",
      "const turned = tf.mul(tf.sub(dw",
      "const turned = tf.mul(tf.add(dw",
    ],
  ]),
  ...breaks("GRU", "gru_test.ts", [
    ["cpu", "gru/cpu.ts", "dh[j] * (h[j] - n)", "dh[j] * (h[j] + n)"],
    ["wasm", "gru/gates.as", "pass = f32x4.sub(dh, keep)", "pass = f32x4.add(dh, keep)"],
    ["webgpu", "gru/backward_wgsl.ts", "let dz = dh * (h - n)", "let dz = dh * (h + n)"],
  ]),
  ...breaks("dropout", "dropout_test.ts", [
    ["wasm", "dropout/gradient.ts", "{ x: dy as Tensor }", "{ x: (dy as Tensor).neg() }"],
  ]),
  ...breaks("cross entropy", "cross_entropy_test.ts", [
    [
      "wasm",
      "cross_entropy/ops.ts",
      "tf.sub(tf.exp(logProbabilities), target)",
      "tf.add(tf.exp(logProbabilities), target)",
    ],
    [
      "webgpu",
      "cross_entropy/cross_entropy_wgsl.ts",
      "(exp(logProbabilities[i]) - select",
      "(exp(logProbabilities[i]) + select",
    ],
  ]),
  ...breaks("Adam", "adam_test.ts", [
    ["cpu", "adam/cpu.ts", "keep * param[i] - stepSize", "keep * param[i] + stepSize"],
    ["wasm", "adam/adam.as", "f32x4.sub(kept, move)", "f32x4.add(kept, move)"],
    ["webgpu", "adam/webgpu.ts", "param[i] - factors.stepSize", "param[i] + factors.stepSize"],
  ]),
  ...breaks("global norm", "global_norm_test.ts", [
    ["wasm", "global_norm/global_norm.as", "f64x2.add(low, high)", "f64x2.sub(low, high)"],
    ["webgpu", "global_norm/webgpu.ts", "sum += x[i] * x[i]", "sum -= x[i] * x[i]"],
  ]),
];

/** The source of a kernel with one sign turned. @throws {Error} If the list does not fit it */
export async function turnSign({ file, from, to }: Break): Promise<string> {
  const source = await Deno.readTextFile(new URL(`models/device/kernels/${file}`, root));
  if (source.split(from).length === 2) return source.replace(from, () => to);
  throw new Error(`Cannot break ${file}: "${from}" does not occur once in it`);
}
