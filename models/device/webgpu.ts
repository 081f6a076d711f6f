/** Opens the WebGPU backend. @module */
import { tf } from "../../deps/tf.ts";
import { registerAdamWebgpu } from "./kernels/adam/webgpu.ts";
import { registerDropoutWebgpu } from "./kernels/dropout/webgpu.ts";
import { registerGruWebgpu } from "./kernels/gru/webgpu.ts";

/** Makes WebGPU the backend; an adapter must be there. */
export async function openWebgpu(): Promise<void> {
  await import("../../deps/tfjs_webgpu.ts");
  await tf.setBackend("webgpu");
  await tf.ready();
  registerGruWebgpu();
  registerDropoutWebgpu();
  registerAdamWebgpu();
}
