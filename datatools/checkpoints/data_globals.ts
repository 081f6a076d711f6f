/** What the globals of plain data stand for: ordered dictionaries, bytes, NumPy's arrays and numbers. @module */
import { CheckpointError } from "./checkpoint_error.ts";
import { PickleGlobal, type PickleKey, PickleObject, type PickleValue } from "./pickle_value.ts";
import { checkView, countsOf, denseStrides, PickledTensor } from "./pickled_tensor.ts";
import { toFloat32 } from "./safetensors.ts";
import { type DType, viewOf, widthOf } from "./tensor_data.ts";

const dtypeOf: Readonly<Record<string, DType>> = {
  f2: "F16",
  f4: "F32",
  f8: "F64",
  i1: "I8",
  i2: "I16",
  i4: "I32",
  i8: "I64",
  u1: "U8",
  u2: "U16",
  u4: "U32",
  u8: "U64",
  b1: "BOOL",
};

/** `numpy.dtype`. */
class NumpyDType extends PickleObject {
  constructor(readonly dtype: DType) {
    super();
  }

  /** `(version, byte order, ...)`. */
  override build(state: PickleValue): void {
    const order = isTuple(state) ? state[1] : undefined;
    if (order === "|" || order === "<" || order === "=") return;
    throw new CheckpointError(`numbers of byte order ${show(order)}; only little-endian is read`);
  }
}

/** `numpy.ndarray`: empty until BUILD. */
class NumpyArray extends PickledTensor {
  /** `(version, shape, dtype, column-major, bytes)`. */
  override build(state: PickleValue): void {
    const [, sizes, type, columnMajor, raw] = isTuple(state) ? state : [];
    if (this.isFilled) throw new CheckpointError("an array is filled twice");
    this.take({ type, sizes, raw, columnMajor: columnMajor === true });
  }

  override get copied(): number {
    return this.isFilled ? this.data.byteLength : 0;
  }

  take({ type, sizes, raw, columnMajor }: NumpyContent): void {
    if (!(type instanceof NumpyDType && raw instanceof Uint8Array)) {
      throw new CheckpointError("an array without numbers; arrays of objects are not read");
    }
    const { dtype } = type, shape = countsOf(sizes, "sizes");
    const view = { offset: 0, shape, strides: denseStrides(shape, columnMajor) };
    const length = raw.length / widthOf(dtype);
    if (checkView(view, length) !== length) {
      throw new CheckpointError(`${raw.length} bytes for ${dtype} of shape [${shape}]`);
    }
    this.fill(dtype, raw, view);
  }
}

/** What an array is filled with, not yet checked. */
interface NumpyContent {
  readonly type: PickleValue | undefined;
  readonly sizes: PickleValue | undefined;
  readonly raw: PickleValue | undefined;
  readonly columnMajor: boolean;
}

const ndarray = new PickleGlobal("numpy.ndarray");
const globals = [
  ndarray,
  new PickleGlobal("collections.OrderedDict", orderedDict),
  new PickleGlobal("_codecs.encode", encode),
  new PickleGlobal("numpy.dtype", numpyDType),
  ...["builtins.bytes", "__builtin__.bytes"].map((name) => new PickleGlobal(name, emptyBytes)),
  ...["numpy.core.multiarray", "numpy._core.multiarray"].flatMap((module) => [
    new PickleGlobal(`${module}._reconstruct`, reconstruct),
    new PickleGlobal(`${module}.scalar`, numpyScalar),
  ]),
  ...["numpy.core.numeric", "numpy._core.numeric"].map((module) =>
    new PickleGlobal(`${module}._frombuffer`, fromBuffer)
  ),
];

/** By Python name. */
export const dataGlobals: ReadonlyMap<string, PickleGlobal> = new Map(
  globals.map((global) => [global.name, global]),
);

function orderedDict([pairs = []]: readonly PickleValue[]): PickleValue {
  if (!isTuple(pairs)) throw new CheckpointError("its pairs are no list");
  return new Map(pairs.map((pair): [PickleKey, PickleValue] => {
    if (!isTuple(pair) || pair.length !== 2 || !isKey(pair[0])) {
      throw new CheckpointError("one of its pairs is none");
    }
    return [pair[0]!, pair[1]!];
  }));
}

/** Bytes, as old protocols write them: text of the characters 0 to 255. */
function encode([text, encoding]: readonly PickleValue[]): Uint8Array {
  if (typeof text !== "string" || encoding !== "latin1") {
    throw new CheckpointError("it encodes other than text as latin1");
  }
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new CheckpointError(`character ${code} is not of latin1`);
    bytes[i] = code;
  }
  return bytes;
}

function emptyBytes(args: readonly PickleValue[]): Uint8Array {
  if (args.length === 0) return new Uint8Array();
  throw new CheckpointError("it is called with arguments");
}

function reconstruct([type]: readonly PickleValue[]): NumpyArray {
  if (type === ndarray) return new NumpyArray();
  throw new CheckpointError("it makes something else than an ndarray");
}

/** `(bytes, dtype, shape, order)`, as protocol 5 writes an array. */
function fromBuffer([raw, type, sizes, order]: readonly PickleValue[]): NumpyArray {
  const array = new NumpyArray();
  array.take({ type, sizes, raw, columnMajor: order === "F" });
  return array;
}

function numpyDType([code]: readonly PickleValue[]): NumpyDType {
  const name = typeof code === "string" ? code.replace(/^[|<=]/, "") : "";
  if (Object.hasOwn(dtypeOf, name)) return new NumpyDType(dtypeOf[name]!);
  throw new CheckpointError(`numbers of type ${show(code)} are not read`);
}

function numpyScalar([type, raw]: readonly PickleValue[]): PickleValue {
  if (!(type instanceof NumpyDType && raw instanceof Uint8Array)) {
    throw new CheckpointError("it has no type or no bytes");
  }
  const { dtype } = type;
  if (raw.length !== widthOf(dtype)) {
    throw new CheckpointError(`${raw.length} bytes for one ${dtype}`);
  }
  const data = viewOf(dtype, raw);
  if (dtype === "BOOL") return data[0] !== 0;
  const value = dtype === "F16" ? toFloat32({ dtype, shape: [], data })[0]! : data[0]!;
  return typeof value === "bigint" && BigInt(Number(value)) === value ? Number(value) : value;
}

function isTuple(value: PickleValue | undefined): value is readonly PickleValue[] {
  return Array.isArray(value);
}

function isKey(value: PickleValue | undefined): value is PickleKey {
  return value === null || value !== undefined && typeof value !== "object";
}

function show(value: PickleValue | undefined): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : typeof value;
}
