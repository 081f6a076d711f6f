/** Kernels of the cpu backend over tensors of the wasm backend, for types that no wasm kernel takes. @module */
import { tf } from "../../../deps/tf.ts";
import type { WasmHeap } from "../heap.ts";
import type { KernelBody } from "./register.ts";

type Values = Parameters<tf.KernelBackend["write"]>[0];

/** The parts of the cpu backend that are used. */
interface CpuBackend extends tf.KernelBackend {
  firstUse: boolean;
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: Values): tf.TensorInfo;
}

/** The kernel of the cpu backend as one of the wasm backend: the values are copied there, and the result back. */
export function onCpu(heap: WasmHeap, name: string): KernelBody {
  return (inputs, attributes) => {
    const cpu = tf.findBackend("cpu") as CpuBackend, { backend } = heap;
    cpu.firstUse = false; // else it prints a banner
    const copies = Object.entries(inputs).map(([key, { dataId, shape, dtype }]) =>
      [key, cpu.makeTensorInfo(shape, dtype, backend.readSync(dataId) as Values)] as const
    );
    const { dataId, shape, dtype } = tf.getKernel(name, "cpu").kernelFunc({
      inputs: Object.fromEntries(copies),
      attrs: attributes as tf.NamedAttrMap,
      backend: cpu,
    }) as tf.TensorInfo;
    const values = cpu.readSync(dataId) as Values;
    const result = { dataId: backend.write(values, shape, dtype), shape, dtype };
    for (const id of [dataId, ...copies.map(([, copy]) => copy.dataId)]) cpu.disposeData(id);
    return result;
  };
}
