/** The lists of kernels are true on every backend, and a kernel that is missing is named before anything runs. */
import { deepStrictEqual as deepEqual, match, throws } from "node:assert/strict";
import { tf } from "../../../../deps/tf.ts";
import { ownKernels } from "../../../../models/device/mod.ts";
import {
  checkKernels,
  ownOperations,
  replacedKernels,
  usedKernels,
} from "../../../../models/device/kernels/kernel_names.ts";
import "../support.ts";

const name = tf.getBackend() as keyof typeof replacedKernels;

Deno.test(`replacedKernels and ownOperations together are what is ours on ${name}`, () => {
  deepEqual([...ownOperations, ...replacedKernels[name]].sort(), ownKernels(name));
});

Deno.test("checkKernels() names the kernels that a backend lacks, and the backend", () => {
  checkKernels(name);
  for (const missing of [ownOperations[0]!, usedKernels.at(-1)!]) {
    const config = tf.getKernel(missing, name);
    tf.unregisterKernel(missing, name);
    try {
      throws(
        () => checkKernels(name),
        new RegExp(`open the ${name} backend: it has no kernel for ${missing};`),
      );
    } finally {
      tf.registerKernel(config);
    }
  }
  checkKernels(name);
});

Deno.test("openBackend() refuses a backend that lacks a kernel which models use", async () => {
  const url = (path: string) => new URL(`../../../../${path}`, import.meta.url).href;
  const source = `import { tf } from "${url("deps/tf.ts")}";
    import { openBackend } from "${url("models/device/mod.ts")}";
    tf.unregisterKernel("Tanh", "cpu");
    await openBackend("cpu").catch(({ message }) => console.log(message));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--no-check", source],
    env: { NO_COLOR: "1" },
  }).output();
  match(
    new TextDecoder().decode(stdout),
    /Cannot open the cpu backend: it has no kernel for Tanh;/,
  );
});
