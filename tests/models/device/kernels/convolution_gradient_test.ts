/** Derivatives of convolutions beyond the first, against finite differences of the reference in float64. */
import { fc } from "../../../../deps/fast_check.ts";
import { type Scalar, type Tensor, type Tensor4D, tf } from "../../../../deps/tf.ts";
import {
  convolutionReference,
  inputGradientReference,
} from "../../../../models/device/kernels/convolution/cpu.ts";
import {
  type ConvolutionGeometry,
  convolutionGeometry,
} from "../../../../models/device/kernels/convolution/geometry.ts";
import { convolution } from "../../../../models/device/mod.ts";
import { assertClose, normal, normalTensor, read } from "../support.ts";

const small = (min: number, max: number) => fc.integer({ min, max });
const geometries = fc.record({
  sizes: fc.tuple(small(1, 2), small(3, 4), small(3, 5)),
  kernel: fc.tuple(small(1, 2), small(1, 3)),
  channels: fc.tuple(small(1, 2), small(1, 2), small(1, 2)),
  strides: fc.tuple(small(1, 2), small(1, 2)),
  dilations: fc.tuple(small(1, 2), small(1, 2)),
  padding: fc.tuple(small(1, 2), small(0, 1), small(1, 1), small(1, 2)),
}).map(({ sizes, kernel, channels: [inGroup, outGroup, groups], ...moves }) =>
  convolutionGeometry(
    [...sizes, inGroup * groups],
    [...kernel, inGroup, outGroup * groups],
    { ...moves, groups },
  )
);

const shapeOfX = (g: ConvolutionGeometry) => [g.batch, g.height, g.width, g.inChannels];
const shapeOfFilter = (g: ConvolutionGeometry) => [
  g.kernelHeight,
  g.kernelWidth,
  g.inChannels / g.groups,
  g.outChannels,
];

type Floats = ArrayLike<number>;
const halfSquares = (values: Float64Array) => values.reduce((sum, v) => sum + v * v / 2, 0);

/** Half the squared gradient in x of half the squared y: a gradient penalty, of degree 4 in the filter. */
function penaltyReference(x: Floats, filter: Floats, g: ConvolutionGeometry): number {
  const y = convolutionReference(x, filter, undefined, g);
  return halfSquares(inputGradientReference(y, filter, g));
}

function penalty(x: Tensor, filter: Tensor, settings: ConvolutionGeometry): Scalar {
  const energy = (x: Tensor) =>
    tf.mul<Scalar>(
      0.5,
      tf.sum(tf.square(convolution(x as Tensor4D, filter as Tensor4D, settings))),
    );
  return tf.mul<Scalar>(0.5, tf.sum(tf.square(tf.grad(energy)(x))));
}

const moved = (values: Floats, direction: Floats, h: number) =>
  Float64Array.from(values, (v, i) => v + h * direction[i]);

/** df/dvalues, one central difference an element. */
function differences(values: Floats, f: (values: Float64Array) => number): Float64Array {
  const h = 1e-4;
  return Float64Array.from(values, (_, i) => {
    const along = Float64Array.from(values, (_, j) => i === j ? 1 : 0);
    return (f(moved(values, along, h)) - f(moved(values, along, -h))) / (2 * h);
  });
}

const seed = fc.integer({ min: 0, max: 1e6 });
const numRuns = 60;

Deno.test("convolution(): the gradient of a gradient penalty equals finite differences", async () => {
  await fc.assert(
    fc.asyncProperty(geometries, seed, async (g, seed) => {
      const x = normalTensor<Tensor>(seed, shapeOfX(g));
      const filter = normalTensor<Tensor>(seed + 1, shapeOfFilter(g));
      const [xs, ws] = [await read(x), await read(filter)];
      const run = (x: Tensor, filter: Tensor) => penalty(x, filter, g);
      const [dx, dFilter] = tf.grads(run)([x, filter]);
      const expectedX = differences(xs, (xs) => penaltyReference(xs, ws, g));
      assertClose(await read(dx), expectedX, 1e-5, "dx");
      const expectedFilter = differences(ws, (ws) => penaltyReference(xs, ws, g));
      assertClose(await read(dFilter), expectedFilter, 1e-5, "dFilter");
      tf.dispose([x, filter, dx, dFilter]);
    }),
    { numRuns },
  );
});

Deno.test("convolution(): a third derivative, in x and in the filter, equals finite differences", async () => {
  await fc.assert(
    fc.asyncProperty(geometries, seed, async (g, seed) => {
      const x = normalTensor<Tensor>(seed, shapeOfX(g));
      const filter = normalTensor<Tensor>(seed + 1, shapeOfFilter(g));
      const [alongX, alongFilter] = [normal(seed + 2, x.size), normal(seed + 3, filter.size)];
      const slope = (x: Tensor) => {
        const dFilter = tf.grad((filter) => penalty(x, filter, g))(filter);
        return tf.sum(tf.mul(dFilter, tf.tensor(alongFilter, filter.shape)));
      };
      const found = tf.sum(tf.mul(tf.grad(slope)(x), tf.tensor(alongX, x.shape)));
      const [xs, ws] = [await read(x), await read(filter)], h = 1e-3;
      const at = (i: number, j: number) =>
        i * j * penaltyReference(moved(xs, alongX, i * h), moved(ws, alongFilter, j * h), g);
      const expected = (at(1, 1) + at(1, -1) + at(-1, 1) + at(-1, -1)) / (4 * h * h);
      const scale = penaltyReference(xs, ws, g);
      const relative = (value: number) => [value / scale, 1]; // it may be 0 by chance
      assertClose(relative((await read(found))[0]), relative(expected), 1e-4, "slope");
      tf.dispose([x, filter, found]);
    }),
    { numRuns: numRuns / 2 },
  );
});
