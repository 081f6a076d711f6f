/** Matrix products and recurrences. @module */
import { tf } from "../../deps/tf.ts";
import { gruSequence } from "../../models/device/mod.ts";
import { runKernel } from "../../models/device/kernels/register.ts";
import { noise, type OpCase } from "./op_case.ts";

/** A product of [m, k] by [k, n], of `batch` items where it is given. */
interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

function productCase(product: Product): OpCase {
  const { m, n, k, batch, transposeA = false, transposeB = false } = product;
  const items = batch === undefined ? [] : [batch];
  const flags = (transposeA ? ".transposeA" : "") + (transposeB ? ".transposeB" : "");
  return {
    name: `matmul.${batch === undefined ? "" : `${batch}x`}${m}x${n}x${k}${flags}`,
    unit: "GFLOPS",
    work: 2 * (batch ?? 1) * m * n * k,
    inputs: () => [
      noise([...items, ...(transposeA ? [k, m] : [m, k])]),
      noise([...items, ...(transposeB ? [n, k] : [k, n])]),
    ],
    run: (a, b) => tf.matMul(a, b, transposeA, transposeB),
  };
}

/** Square products, of which the best counts as the peak. */
export function squareProducts(small: boolean): OpCase[] {
  const sides = small ? [256, 512] : [512, 1024, 1536];
  return sides.map((side) => productCase({ m: side, n: side, k: side }));
}

function gruCases(time: number, batch: number, hidden: number): OpCase[] {
  const name = `gru.${time}x${batch}x${hidden}`, work = 2 * time * batch * 3 * hidden * hidden;
  const inputs = () => [
    noise([time, batch, 3 * hidden]),
    noise([batch, hidden]),
    tf.tidy(() => tf.div(noise([3 * hidden, hidden]), Math.sqrt(hidden))),
    noise([3 * hidden]),
  ];
  return [
    {
      name: `${name}.forward`,
      unit: "GFLOPS",
      work,
      inputs,
      run: (xProj, h0, weightHh, biasHh) =>
        gruSequence(
          xProj as tf.Tensor3D,
          h0 as tf.Tensor2D,
          weightHh as tf.Tensor2D,
          biasHh as tf.Tensor1D,
        ),
    },
    {
      name: `${name}.gradient`,
      unit: "GFLOPS",
      work: 2 * work, // of the states before and of the weights
      inputs() {
        const [xProj, h0, weightHh, biasHh] = inputs();
        const given = { xProj: xProj!, h0: h0!, weightHh: weightHh!, biasHh: biasHh! };
        const [states, gates] = runKernel<tf.Tensor[]>("GruSequence", given, { saveGates: true });
        tf.dispose([xProj!, biasHh!]);
        return [noise([time, batch, hidden]), h0!, weightHh!, states!, gates!];
      },
      run: (dStates, h0, weightHh, states, gates) =>
        runKernel("GruSequenceGrad", { dStates, h0, weightHh, states, gates }),
    },
  ];
}

/** The products of the models, and some that show what the kernels can do. */
export function productCases(small: boolean): OpCase[] {
  const side = small ? 512 : 1024, gates = { m: 64, n: 1536, k: 512 };
  const row = { m: 1, n: 512, k: 1536 };
  const products: Product[] = [
    { m: side, n: side, k: side },
    gates,
    { ...gates, transposeA: true },
    { ...gates, transposeB: true },
    { ...gates, transposeA: true, transposeB: true },
    row,
    { ...row, transposeB: true },
    { batch: 8, m: 256, n: 256, k: 256 },
  ];
  return [...products.map(productCase), ...(small ? gruCases(8, 8, 256) : gruCases(50, 64, 512))];
}
