/** Functions of single elements on wasm: the stock ones are slow, or lose NaN. @module */
import { tf } from "../../../../deps/tf.ts";
import { floatBits, operations, type WasmHeap } from "../../heap.ts";
import { callKernel, replaceKernel } from "../register.ts";

const elementsPerTask = 16_384;

/** The functions, numbered as in `element.as`. */
const functions = {
  tanh: 0,
  exp: 1,
  log: 2,
  softplus: 3,
  clip: 4,
  leakyRelu: 5,
  leakyReluGrad: 6,
  maximum: 7,
  minimum: 8,
  clipInteger: 9,
  add: 10,
} as const;

/** What a function is told besides `x`: a second operand of the same shape, and the bits of two numbers. */
interface Operands {
  readonly y?: tf.TensorInfo;
  readonly a?: number;
  readonly b?: number;
}

/** Applies a function to each element of `x`. */
export function mapElements(
  heap: WasmHeap,
  name: keyof typeof functions,
  x: tf.TensorInfo,
  { y = x, a = 0, b = 0 }: Operands = {},
): tf.TensorInfo {
  const result = heap.output(x.shape, x.dtype), size = tf.util.sizeFromShape(x.shape);
  const addresses = [x, y, result].map((tensor) => heap.address(tensor));
  const args = [...addresses, size, elementsPerTask, functions[name], a, b];
  heap.run(operations.element, Math.ceil(size / elementsPerTask), args);
  return result;
}

const unary = { Tanh: "tanh", Exp: "exp", Log: "log", Softplus: "softplus" } as const;
const binary = { Maximum: "maximum", Minimum: "minimum" } as const;

/** `x` within [low, high], float32 or int32. */
function clip(heap: WasmHeap, x: tf.TensorInfo, low: number, high: number): tf.TensorInfo {
  if (x.dtype === "float32") {
    return mapElements(heap, "clip", x, { a: floatBits(low), b: floatBits(high) });
  }
  const [a, b] = [low, high].map((limit) => Math.min(Math.max(limit, -(2 ** 31)), 2 ** 31 - 1));
  return mapElements(heap, "clipInteger", x, { a: Math.trunc(a), b: Math.trunc(b) });
}

/** Replaces functions of one and two operands of float32 elements, and the cast of numbers to flags. */
export function registerElementWasm(heap: WasmHeap): void {
  for (const [kernel, name] of Object.entries(unary)) {
    replaceKernel(kernel, "wasm", (stock) => ({ x }, attributes) => {
      return x.dtype === "float32" ? mapElements(heap, name, x) : stock({ x }, attributes);
    });
  }
  replaceKernel("LeakyRelu", "wasm", (stock) => ({ x }, attributes) => {
    if (x.dtype !== "float32") return stock({ x }, attributes);
    return mapElements(heap, "leakyRelu", x, { a: floatBits(attributes.alpha as number) });
  });
  replaceKernel("ClipByValue", "wasm", (stock) => ({ x }, attributes) => {
    if (x.dtype !== "float32" && x.dtype !== "int32") return stock({ x }, attributes);
    const { clipValueMin, clipValueMax } = attributes as Record<string, number>;
    return clip(heap, x, clipValueMin, clipValueMax);
  });
  for (const [kernel, name] of Object.entries(binary)) {
    replaceKernel(kernel, "wasm", (stock) => (inputs, attributes) => {
      const { a, b } = inputs;
      if (a.dtype !== "float32" || b.dtype !== "float32") return stock(inputs, attributes);
      if (tf.util.arraysEqual(a.shape, b.shape)) return mapElements(heap, name, a, { y: b });
      const limit = [a, b].find(({ shape }) => shape.length === 0);
      if (!limit) return stock(inputs, attributes);
      const value = heap.float32(heap.address(limit), 1)[0];
      const rest = limit === a ? b : a;
      return name === "maximum"
        ? clip(heap, rest, value, Infinity)
        : clip(heap, rest, -Infinity, value);
    });
  }
  replaceKernel("Add", "wasm", (stock) => (inputs, attributes) => {
    const { a, b } = inputs;
    const alike = a.dtype === "float32" && b.dtype === "float32" &&
      tf.util.arraysEqual(a.shape, b.shape);
    return alike ? mapElements(heap, "add", a, { y: b }) : stock(inputs, attributes);
  });
  replaceKernel("Cast", "wasm", (stock) => ({ x }, attributes) => {
    const number = x.dtype === "float32" || x.dtype === "int32";
    if (attributes.dtype !== "bool" || !number) return stock({ x }, attributes);
    const zero = tf.scalar(0, x.dtype), flags = callKernel("NotEqual", { a: x, b: zero });
    zero.dispose();
    return flags;
  });
}
