/** Our own kernels on TensorFlow.js's WebGPU device, in the order of its own. @module */
import { tf } from "../../deps/tf.ts";
import type { WebGPUBackend } from "../../deps/tfjs_webgpu.ts";

/** The parts of the backend that it keeps to itself. */
interface Queue {
  computePassEncoder: GPUComputePassEncoder | null;
  commandEncoder: GPUCommandEncoder;
  commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
  tensorMap: { get(id: tf.DataId): { readonly dtype: tf.DataType } };
  tensorToBinding(tensor: tf.TensorInfo): GPUBindingResource;
  makeUniforms(fields: { type: string; data: number[] }[]): GPUBindingResource;
}

/** A number that a kernel reads, and its type in WGSL. */
export type Uniform = readonly ["i32" | "u32" | "f32", number];

/** One call of a kernel. */
export interface Dispatch {
  /** The tensors that it writes; binding 0 and on. An input may stand here too when the kernel also reads it. */
  readonly outputs: readonly tf.TensorInfo[];
  /** The tensors that it reads; the bindings after the outputs. */
  readonly inputs: readonly tf.TensorInfo[];
  /** The fields of its uniform struct, in order; the last binding, absent without fields. */
  readonly uniforms?: readonly Uniform[];
  /** Workgroups along x, y and z; at most 65,535 each. */
  readonly workgroups: readonly [number, number?, number?];
}

const fieldTypes = { i32: "int32", u32: "uint32", f32: "float32" };
const maxWorkgroups = 65_535;

/** Workgroups for `count` of them in a row: y folds what x cannot hold. A kernel finds its number as `x + 65535 * y`. */
export function foldWorkgroups(count: number): [number, number] {
  return [Math.min(count, maxWorkgroups), Math.max(1, Math.ceil(count / maxWorkgroups))];
}

/** float32 of integers. */
const toFloatsWgsl = `
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<i32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i < arrayLength(&result)) { result[i] = f32(x[i]); }
}
`;

/** The GPU, and kernels over its tensors. */
export class Gpu {
  readonly #pipelines = new Map<string, GPUComputePipeline>();
  readonly #queue: Queue;
  #fault?: string;

  /** @param software whether the processor plays its part; kernels may take other tiles then */
  constructor(readonly backend: WebGPUBackend, readonly software: boolean) {
    this.#queue = backend as unknown as Queue;
    backend.device.addEventListener("uncapturederror", (event) => {
      this.#fault ??= (event as GPUUncapturedErrorEvent).error.message.trim();
    });
  }

  /** A new tensor whose elements are not set yet. */
  output(shape: number[], dtype: tf.DataType = "float32"): tf.TensorInfo {
    const nothing = shape.includes(0) ? [] : undefined; // nothing will write it, and it can be read
    return this.backend.makeTensorInfo(shape, dtype, nothing);
  }

  /** Gives a tensor back that no one outside the kernel has seen. */
  free(tensor: tf.TensorInfo): void {
    this.backend.disposeData(tensor.dataId);
  }

  /**
   * Runs a kernel whose entry point is `main`, after all that was asked for before.
   *
   * @param wgsl its source; the pipeline is made once for each text, so sizes belong into uniforms
   * @throws {RangeError} If the grid is too large
   * @throws {Error} If the device has reported that an earlier call failed
   */
  run(wgsl: string, { outputs, inputs, uniforms = [], workgroups }: Dispatch): void {
    const [x, y = 1, z = 1] = workgroups;
    if (x === 0 || y === 0 || z === 0) return;
    if (Math.max(x, y, z) > maxWorkgroups) {
      throw new RangeError(
        `Cannot dispatch [${x}, ${y}, ${z}] workgroups; at most ${maxWorkgroups}`,
      );
    }
    if (this.#fault) throw new Error(`A kernel failed on the graphics device: ${this.#fault}`);
    const queue = this.#queue, read = inputs.map((tensor) => this.#asStored(tensor));
    const tensors = [...outputs, ...read];
    for (const { dataId } of tensors) this.backend.uploadToGPU(dataId);
    const bindings = tensors.map((tensor) => queue.tensorToBinding(tensor));
    if (uniforms.length > 0) {
      const fields = uniforms.map(([type, value]) => ({ type: fieldTypes[type], data: [value] }));
      bindings.push(queue.makeUniforms(fields));
    }
    const pipeline = this.#pipeline(wgsl);
    const bindGroup = this.backend.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: bindings.map((resource, binding) => ({ binding, resource })),
    });
    for (const { dataId } of tensors) queue.commandQueueOwnedIds.add(dataId); // freed after the submit
    this.backend.ensureCommandEncoderReady();
    const pass = queue.computePassEncoder ??= queue.commandEncoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(x, y, z);
    queue.dispatchCountInPass++;
    if (queue.dispatchCountInPass >= tf.env().getNumber("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE")) {
      this.backend.endComputePassEncoder();
      this.backend.submitQueue();
    }
    read.forEach((tensor, i) => tensor === inputs[i] || this.free(tensor));
  }

  /** The tensor, or floats of it: a cast of integers to float32 is a float32 tensor over integers. */
  #asStored(tensor: tf.TensorInfo): tf.TensorInfo {
    const { dtype } = this.#queue.tensorMap.get(tensor.dataId);
    if (tensor.dtype !== "float32" || dtype === "float32") return tensor;
    const floats = this.output(tensor.shape);
    const workgroups = foldWorkgroups(Math.ceil(tf.util.sizeFromShape(tensor.shape) / 64));
    this.run(toFloatsWgsl, { outputs: [floats], inputs: [{ ...tensor, dtype }], workgroups });
    return floats;
  }

  #pipeline(wgsl: string): GPUComputePipeline {
    const known = this.#pipelines.get(wgsl);
    if (known) return known;
    const module = this.backend.device.createShaderModule({ code: wgsl });
    const pipeline = this.backend.device.createComputePipeline({
      layout: "auto",
      compute: { module, entryPoint: "main" },
    });
    this.#pipelines.set(wgsl, pipeline);
    return pipeline;
  }
}
