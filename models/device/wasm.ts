/** Opens the wasm backend: one shared memory for TensorFlow.js's binary and ours. @module */
import { tf } from "../../deps/tf.ts";
import { BackendWasm, createWasmModule, setThreadsCount } from "../../deps/tfjs_wasm.ts";
import { binary as tfjsBinary } from "../../deps/tfjs_wasm_binary.js";
import { WasmHeap, type WasmModule } from "./heap.ts";
import { withoutThreads } from "./host.ts";
import { registerAdamWasm } from "./kernels/adam/wasm.ts";
import { registerCopyWasm } from "./kernels/copy/wasm.ts";
import { registerDropoutWasm } from "./kernels/dropout/wasm.ts";
import { registerGatherWasm } from "./kernels/gather/wasm.ts";
import { registerGruWasm } from "./kernels/gru/wasm.ts";
import { binary as kernelBinary } from "./kernels/kernels_binary.js";
import { registerMatmulWasm } from "./kernels/matmul/wasm.ts";
import { registerSumWasm } from "./kernels/sum/wasm.ts";

type BackendModule = ConstructorParameters<typeof BackendWasm>[0];
type Wrap = (name: string, result: string | null, parameters: string[]) => unknown;

async function createModule(): Promise<BackendModule & WasmModule> {
  type Done = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;
  const module = await createWasmModule({
    mainScriptUrlOrBlob: "-",
    locateFile: (path: string) => path,
    instantiateWasm(imports: WebAssembly.Imports, done: Done) {
      const instance = new WebAssembly.Instance(tfjsBinary, imports);
      done(instance, tfjsBinary);
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
  return module;
}

/** Makes wasm the backend, with our kernels on `threads` threads. */
export async function openWasm(threads: number): Promise<WasmHeap> {
  setThreadsCount(1);
  const [module, backend] = await withoutThreads(async () => {
    const module = await createModule();
    return [module, new BackendWasm(module)] as const;
  });
  tf.removeBackend("wasm");
  tf.registerBackend("wasm", () => backend as unknown as tf.KernelBackend, 3);
  await tf.setBackend("wasm");
  const heap = new WasmHeap(backend, module, kernelBinary, threads);
  registerMatmulWasm(heap);
  registerGatherWasm(heap);
  registerSumWasm(heap);
  registerCopyWasm(heap);
  registerGruWasm(heap);
  registerDropoutWasm(heap);
  registerAdamWasm(heap);
  return heap;
}
