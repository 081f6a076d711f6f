/** Convolutions of [batch, channels, height, width], carried out on channels last. @module */
import { tf } from "../../../../deps/tf.ts";
import { callKernel, type KernelAttributes, type KernelBody } from "../register.ts";

/** From [batch, channels, height, width] to channels last, and back. */
const toLast = [0, 2, 3, 1], toFirst = [0, 3, 1, 2];

const move = <T>(values: readonly T[], order: readonly number[]): T[] =>
  order.map((axis) => values[axis]);

/** The same call on channels last: shapes of x and explicit padding, an entry for each axis, change their order. */
function channelsLast(attributes: KernelAttributes): KernelAttributes {
  const { pad, inputShape } = attributes as { pad: unknown; inputShape?: number[] };
  return {
    ...attributes,
    dataFormat: "NHWC",
    ...(Array.isArray(pad) ? { pad: move(pad, toLast) } : {}),
    ...(inputShape ? { inputShape: move(inputShape, toLast) } : {}),
  };
}

/** How an input of a convolution is transposed; undefined for filters and what belongs to channels alone. */
function orderOf(name: string, { shape }: tf.TensorInfo): number[] | undefined {
  if (name === "x" || name === "dy") return toLast;
  return name === "preluActivationWeights" && shape.length === 3 ? [1, 2, 0] : undefined;
}

/** A kernel that also takes `NCHW`, from one that takes `NHWC`. @param isImage whether its result has such axes too */
export function inBothFormats(kernel: KernelBody, isImage = true): KernelBody {
  return (inputs, attributes) => {
    if (attributes.dataFormat !== "NCHW") return kernel(inputs, attributes);
    const made: tf.TensorInfo[] = [];
    const transpose = (x: tf.TensorInfo, perm: number[]) =>
      callKernel("Transpose", { x }, { perm });
    const moved = Object.entries(inputs).map(([name, tensor]) => {
      const order = tensor && orderOf(name, tensor); // an input may be absent
      if (!order) return [name, tensor] as const;
      made.push(transpose(tensor, order));
      return [name, made.at(-1)!] as const;
    });
    let result = kernel(Object.fromEntries(moved), channelsLast(attributes)) as tf.TensorInfo;
    if (isImage) {
      made.push(result);
      result = transpose(result, toFirst);
    }
    for (const { dataId } of made) tf.backend().disposeData(dataId);
    return result;
  };
}
