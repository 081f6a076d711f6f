/**
 * Runs spec modules of tfjs-core on one backend in this process: `run_specs.ts BACKEND ours|stock MODULE...`. The last
 * line on stdout is the results as JSON.
 *
 * @module
 */
import { tf } from "../../deps/tf.ts";
import { type BackendName, openBackend } from "../../models/device/mod.ts";
import { jasmineRequire } from "../deps_tfjs_suite.ts";
import { loadModule } from "./spec_modules.ts";
import type { SpecResult } from "./verdict.ts";

interface JasmineSpec {
  id: string;
  fullName: string;
  status: string;
  failedExpectations: { message: string }[];
}

/** Kernels and gradients as they are before ours take their place. */
async function stockKernels(backend: BackendName): Promise<() => void> {
  await import("../../deps/tfjs_wasm.ts");
  await import("../../deps/tfjs_webgpu.ts");
  const kernels = tf.getKernelsForBackend(backend);
  const gradients = kernels.map(({ kernelName }) => tf.getGradient(kernelName)).filter(Boolean);
  return () => {
    for (const { kernelName } of tf.getKernelsForBackend(backend)) {
      tf.unregisterKernel(kernelName, backend);
    }
    kernels.forEach(tf.registerKernel);
    for (const gradient of gradients) {
      tf.unregisterGradient(gradient.kernelName);
      tf.registerGradient(gradient);
    }
  };
}

/** Opens the backend so that the resets between specs leave it open: our kernels belong to its memory. */
async function openForSpecs(name: BackendName, stock: boolean): Promise<void> {
  const restore = await stockKernels(name);
  await openBackend(name);
  if (stock) restore();
  const backend = tf.backend();
  backend.dispose = () => {};
  tf.removeBackend(name);
  tf.registerBackend(name, () => backend);
  await tf.setBackend(name);
}

function startJasmine() {
  const jasmine = jasmineRequire.core(jasmineRequire);
  const env = jasmine.getEnv({ suppressLoadErrors: true });
  Object.assign(globalThis, jasmineRequire.interface(jasmine, env), { jasmine });
  jasmine.DEFAULT_TIMEOUT_INTERVAL = 60_000;
  env.configure({ random: false });
  return env;
}

/** Loads the modules; which of them each spec is from, by its id. */
async function loadSpecs(modules: readonly string[]): Promise<Map<string, string>> {
  const moduleOf = new Map<string, string>();
  const world = globalThis as unknown as { it: (...args: unknown[]) => { id: string } };
  const { it } = world;
  for (const module of modules) {
    world.it = (...args) => {
      const spec = it(...args);
      moduleOf.set(spec.id, module);
      return spec;
    };
    await loadModule(module);
  }
  return moduleOf;
}

async function main([name, kernels, ...modules]: string[]): Promise<void> {
  const backend = name as BackendName;
  await openForSpecs(backend, kernels === "stock");
  const jasmine = startJasmine();
  const flags = backend === "webgpu" ? { WEBGPU_CPU_FORWARD: false } : {};
  const { setTestEnvs } = await loadModule("jasmine_util") as {
    setTestEnvs: (environments: object[]) => void;
  };
  setTestEnvs([{ name, backendName: name, flags, isDataSync: backend !== "webgpu" }]);
  const results: SpecResult[] = [];
  const moduleOf = await loadSpecs(modules);
  jasmine.addReporter({
    specDone({ id, fullName, status, failedExpectations }: JasmineSpec) {
      if (status !== "passed" && status !== "failed") return;
      const spec = fullName.replace(` ${name} ${JSON.stringify(flags)}`, "");
      results.push({
        module: moduleOf.get(id)!,
        spec,
        failures: failedExpectations.map(({ message }) => message),
      });
    },
  });
  await new Promise((done) => {
    jasmine.addReporter({ jasmineDone: done });
    jasmine.execute();
  });
  console.log(JSON.stringify(results));
}

await main(Deno.args);
