/** The memory of the wasm backend, and the pool of threads that runs our kernels on it. @module */
import type { tf } from "../../deps/tf.ts";
import type { BackendWasm } from "../../deps/tfjs_wasm.ts";
import { startThread } from "./host.ts";
import type { Gemm } from "./native.ts";

/** The operations of the kernels' binary, numbered as in `pool.as`. */
export const operations = {
  matmul: 0,
  vectorMatmul: 1,
  gather: 2,
  segmentSum: 3,
  gruPack: 4,
  gruForward: 5,
  gruStep: 6,
  gruBackward: 7,
  dropout: 8,
  adam: 9,
  columnSum: 10,
  stridedCopy: 11,
  pad: 12,
  packFilter: 13,
  convolution: 14,
  filterGradient: 15,
  squareSum: 16,
  gruDecode: 17,
  batchMoments: 18,
  batchMerge: 19,
  batchApply: 20,
  batchGradSums: 21,
  batchGradMerge: 22,
  batchGradApply: 23,
  pixelNorm: 24,
  layerNorm: 25,
  layerNormGrad: 26,
  weightNorm: 27,
  element: 28,
  mirrorPad: 29,
  pool: 30,
  spread: 31,
  attention: 32,
  residualNorm: 33,
  ringCopy: 34,
} as const;

/** The parts of the wasm backend's module that we use. */
export interface WasmModule {
  /** Allocates bytes, aligned to 8; 0 when the memory is full. */
  _malloc(bytes: number): number;
  /** Gives allocated bytes back. */
  _free(address: number): void;
  /** The memory; the object stays the same when it grows, a buffer that is not shared does not. */
  wasmMemory: WebAssembly.Memory;
}

interface Kernels {
  launch(control: number, tasks: number, workers: number): void;
}

const controlBytes = 256;
const argumentWord = 16;
/** Counts the tasks that broke off in a thread. */
const brokenWord = 5;
/** Address of eight zero bytes, relative to the control block. */
const zerosAt = 240;
/** Bytes of scratch of each thread: the packed blocks of `matmul.as`. */
export const scratchBytes = 256 + 384 * 140 * 4 + 384 * 1024 * 4;

const workerSource = `
import { workerData } from "node:worker_threads";
const { module, memory, control, thread } = workerData;
const words = new Int32Array(memory.buffer, control, 16);
const { serve } = new WebAssembly.Instance(module, { env: { memory } }).exports;
try {
  serve(control, thread);
} catch { // the task that broke off counts as finished, or the others would wait for it
  Atomics.add(words, ${brokenWord}, 1);
  Atomics.sub(words, 1, 1);
  Atomics.notify(words, 1);
}
`;

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The bits of a float32 as an integer, for an argument of a kernel. */
export function floatBits(value: number): number {
  float[0] = value;
  return bits[0];
}

/** The tensors of the wasm backend as addresses, and jobs over them. */
export class WasmHeap {
  readonly #kernels: Kernels;
  readonly #control: number;
  readonly #workers: object[] = [];
  #fault?: string;
  /** What multiplies large matrices on the native backend. */
  gemm?: Gemm;

  /** @param threads how many threads share a job, this one included */
  constructor(
    readonly backend: BackendWasm,
    readonly module: WasmModule,
    readonly binary: WebAssembly.Module,
    readonly threads: number,
  ) {
    const memory = module.wasmMemory;
    const instance = new WebAssembly.Instance(binary, { env: { memory } });
    this.#kernels = instance.exports as unknown as Kernels;
    this.#control = this.allocate(controlBytes);
    const scratch = this.allocate(threads * scratchBytes);
    const words = this.int32(this.#control, controlBytes / 4).fill(0);
    words[3] = scratchBytes;
    words[4] = scratch;
  }

  /** Why there are fewer threads than asked for, or undefined. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** The address of eight zero bytes. */
  get zeros(): number {
    return this.#control + zerosAt;
  }

  /** Allocates bytes. @throws {RangeError} When the memory is full */
  allocate(bytes: number): number {
    const address = this.module._malloc(bytes) >>> 0;
    if (address === 0) {
      throw new RangeError(
        `Cannot allocate ${bytes} bytes on the wasm heap of at most 4 GiB; lower batchSize or windowSize`,
      );
    }
    return address;
  }

  /** Runs `use` with `bytes` bytes that are given back afterwards. */
  withBytes<T>(bytes: number, use: (address: number) => T): T {
    const address = this.allocate(bytes);
    try {
      return use(address);
    } finally {
      this.module._free(address);
    }
  }

  /** The address of a tensor's first element, valid until the tensor is disposed. */
  address(tensor: tf.TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** A new tensor whose elements are not set yet. */
  output(shape: number[], dtype: tf.DataType = "float32"): tf.TensorInfo {
    return this.backend.makeOutput(shape, dtype);
  }

  /** A view of int32 elements; invalid after the next allocation. */
  int32(address: number, length: number): Int32Array {
    return new Int32Array(this.module.wasmMemory.buffer, address, length);
  }

  /** A view of float32 elements; invalid after the next allocation. */
  float32(address: number, length: number): Float32Array {
    return new Float32Array(this.module.wasmMemory.buffer, address, length);
  }

  /** A view of float64 elements; invalid after the next allocation. */
  float64(address: number, length: number): Float64Array {
    return new Float64Array(this.module.wasmMemory.buffer, address, length);
  }

  /** Runs `tasks` tasks of an operation on all threads and returns when they are finished. */
  run(operation: number, tasks: number, args: readonly number[]): void {
    if (tasks === 0) return;
    const words = this.int32(this.#control, controlBytes / 4);
    words[2] = operation;
    for (let i = 0; i < args.length; i++) words[argumentWord + i] = args[i];
    if (tasks > 1 && this.#workers.length < this.threads - 1 && !this.#fault) this.#startThreads();
    this.#kernels.launch(this.#control, tasks, this.#workers.length);
    if (words[brokenWord] > 0) {
      throw new Error(
        "A thread of the wasm kernels broke off; set COOPERTUNES_THREADS=1 and report this",
      );
    }
  }

  #startThreads(): void {
    const { binary, module: { wasmMemory: memory } } = this;
    try {
      while (this.#workers.length < this.threads - 1) {
        const thread = this.#workers.length + 1;
        const data = { module: binary, memory, control: this.#control, thread };
        this.#workers.push(startThread(workerSource, data, (error) => this.#noteFault(error)));
      }
    } catch (error) {
      this.#noteFault(error);
    }
  }

  #noteFault(error: unknown): void {
    this.#fault ??= `threads cannot start: ${error instanceof Error ? error.message : error}`;
  }
}
