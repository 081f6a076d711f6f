/** Opens the wasm backend: one memory for TensorFlow.js's binary and ours. @module */
import { tf } from "../../deps/tf.ts";
import { BackendWasm, loadWasmBuild, setThreadsCount } from "../../deps/tfjs_wasm.ts";
import { WasmHeap, type WasmModule } from "./heap.ts";
import { withoutThreads } from "./host.ts";
import { loadKernels } from "./kernels/builds/binaries.ts";
import { registerAdamWasm } from "./kernels/adam/wasm.ts";
import { registerBatchNormWasm } from "./kernels/batch_norm/wasm.ts";
import {
  addDepthwiseGradients,
  mendFusedDepthwise,
  replaceStockConvolutions,
} from "./kernels/convolution/stock.ts";
import { registerConvolutionWasm } from "./kernels/convolution/wasm.ts";
import { registerCopyWasm } from "./kernels/copy/wasm.ts";
import { registerCrossEntropyOps } from "./kernels/cross_entropy/ops.ts";
import { registerDropoutWasm } from "./kernels/dropout/wasm.ts";
import { registerElementWasm } from "./kernels/element/wasm.ts";
import { registerGatherWasm } from "./kernels/gather/wasm.ts";
import { registerGlobalNormWasm } from "./kernels/global_norm/wasm.ts";
import { registerGradients } from "./kernels/gradients.ts";
import { registerGruWasm } from "./kernels/gru/wasm.ts";
import { registerGruDecodeWasm } from "./kernels/gru_decode/wasm.ts";
import type { KernelBuildName } from "./kernels/kernel_builds.ts";
import { registerLayerNormWasm } from "./kernels/layer_norm/wasm.ts";
import { registerLeakyReluWasm } from "./kernels/leaky_relu/wasm.ts";
import { registerMatmulWasm } from "./kernels/matmul/wasm.ts";
import { registerMirrorPadWasm } from "./kernels/mirror_pad/wasm.ts";
import { registerPixelNormWasm } from "./kernels/pixel_norm/wasm.ts";
import { registerPoolingWasm } from "./kernels/pooling/wasm.ts";
import { registerStringsWasm } from "./kernels/strings/wasm.ts";
import { registerSumWasm } from "./kernels/sum/wasm.ts";
import { registerWeightNormWasm } from "./kernels/weight_norm/wasm.ts";

type BackendModule = ConstructorParameters<typeof BackendWasm>[0];
type Wrap = (name: string, result: string | null, parameters: string[]) => unknown;

async function createModule(shared: boolean): Promise<BackendModule & WasmModule> {
  type Done = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;
  const { create, binary } = await loadWasmBuild(shared);
  let memory: WebAssembly.Memory | undefined;
  const module = await create({
    mainScriptUrlOrBlob: "-",
    locateFile: (path: string) => path,
    instantiateWasm(imports: WebAssembly.Imports, done: Done) {
      const instance = new WebAssembly.Instance(binary, imports);
      memory = instance.exports.memory as WebAssembly.Memory | undefined;
      done(instance, binary);
      return instance.exports;
    },
  }) as BackendModule & WasmModule & { cwrap: Wrap };
  const wrap: Wrap = module.cwrap.bind(module);
  module.tfjs = {
    init: wrap("init", null, []),
    initWithThreadsCount: wrap("init_with_threads_count", null, ["number"]),
    getThreadsCount: wrap("get_threads_count", "number", []),
    registerTensor: wrap("register_tensor", null, ["number", "number", "number"]),
    disposeData: wrap("dispose_data", null, ["number"]),
    dispose: wrap("dispose", null, []),
  } as BackendModule["tfjs"];
  module.wasmMemory ??= memory!; // only the shared build brings its own
  useWholeWords(module);
  return module;
}

/**
 * Makes all blocks of memory multiples of 8 bytes long. The allocator takes back blocks of other lengths in a way that no
 * longer one fits into: tensors of 1,001, 1,003, 1,005... elements would never share memory.
 */
function useWholeWords(module: WasmModule): void {
  module._free(module._malloc(8)); // its first call puts the binary's own function in its place
  const allocate = module._malloc;
  module._malloc = (bytes) => allocate(8 * Math.ceil(bytes / 8));
}

/** Makes wasm the backend, with one build of our kernels on `threads` threads. */
export async function openWasm(threads: number, build: KernelBuildName): Promise<WasmHeap> {
  const shared = build.startsWith("shared");
  const binary = await loadKernels(build);
  setThreadsCount(1);
  const [module, backend] = await withoutThreads(async () => {
    const module = await createModule(shared);
    return [module, new BackendWasm(module)] as const;
  });
  tf.removeBackend("wasm");
  tf.registerBackend("wasm", () => backend as unknown as tf.KernelBackend, 3);
  await tf.setBackend("wasm");
  const heap = new WasmHeap(backend, module, binary, threads);
  registerStringsWasm(heap);
  registerMatmulWasm(heap);
  registerGatherWasm(heap);
  registerSumWasm(heap);
  registerCopyWasm(heap);
  registerElementWasm(heap);
  registerGruWasm(heap);
  registerGruDecodeWasm(heap);
  registerCrossEntropyOps("wasm");
  registerDropoutWasm(heap);
  registerAdamWasm(heap);
  registerGlobalNormWasm(heap);
  registerConvolutionWasm(heap);
  replaceStockConvolutions("wasm");
  addDepthwiseGradients("wasm");
  mendFusedDepthwise("wasm");
  registerBatchNormWasm(heap);
  registerPixelNormWasm(heap);
  registerLayerNormWasm(heap);
  registerWeightNormWasm(heap);
  registerLeakyReluWasm(heap);
  registerMirrorPadWasm(heap);
  registerPoolingWasm(heap);
  registerGradients();
  return heap;
}
