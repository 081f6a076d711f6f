/** Kernels of the cpu backend over plain arrays. @module */
import { tf } from "../../../deps/tf.ts";
import { type KernelBody, registerKernel } from "./register.ts";

/** The parts of the cpu backend that kernels use. */
interface CpuBackend {
  readSync(dataId: tf.DataId): Float32Array | Int32Array;
  makeTensorInfo(
    shape: number[],
    dtype: tf.DataType,
    values: Float32Array | Int32Array,
  ): tf.TensorInfo;
}

function cpu(): CpuBackend {
  return tf.backend() as unknown as CpuBackend;
}

/** The values of a float32 tensor; not to be written to. */
export function floatsOf(tensor: tf.TensorInfo): Float32Array {
  return cpu().readSync(tensor.dataId) as Float32Array;
}

/** The values of an int32 tensor; not to be written to. */
export function intsOf(tensor: tf.TensorInfo): Int32Array {
  return cpu().readSync(tensor.dataId) as Int32Array;
}

/** A new float32 tensor that owns `values`. */
export function makeFloats(shape: number[], values: Float32Array): tf.TensorInfo {
  return cpu().makeTensorInfo(shape, "float32", values);
}

/** A new int32 tensor that owns `values`. */
export function makeInts(shape: number[], values: Int32Array): tf.TensorInfo {
  return cpu().makeTensorInfo(shape, "int32", values);
}

/** Registers a kernel of the cpu backend. */
export function registerKernelCpu(name: string, body: KernelBody): void {
  registerKernel(name, "cpu", body);
}
