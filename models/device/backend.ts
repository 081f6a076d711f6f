/** The one place that picks a backend: WebGPU, wasm, cpu or native. @module */
import { type AdapterInfo, findAdapter } from "./adapter.ts";
import { hardwareThreads, readEnv } from "./host.ts";
import type { WasmHeap } from "./heap.ts";
import { openBlas } from "./native.ts";
import { kernelBuilds } from "./kernels/kernel_builds.ts";
import { checkKernels } from "./kernels/kernel_names.ts";
import { chooseKernelBuild } from "./wasm_features.ts";

/** Where tensors live and are computed; native is wasm whose large products a library of the machine computes. */
export type BackendName = "webgpu" | "wasm" | "cpu" | "native";
/** A backend by name, or the best one here. */
export type BackendChoice = BackendName | "auto";

/** The open backend. */
export interface BackendInfo {
  /** Which one it is. */
  readonly name: BackendName;
  /** Why it is this one, and what it lacks. */
  readonly reason: string;
  /** Threads that share the work of our kernels. */
  readonly threads: number;
  /** Whether a GPU is played by the processor. */
  readonly software: boolean;
  /** The graphics adapter, on WebGPU. */
  readonly adapter?: string;
  /** The BLAS library, on native. */
  readonly library?: string;
  /** Which build of our kernels this is, and on native what computes beside them. */
  readonly kernelBuild: string;
}

const choices: readonly BackendChoice[] = ["auto", "webgpu", "wasm", "cpu", "native"];
const maxThreads = 64;
const defaultMaxThreads = 8;

let opening: Promise<BackendInfo> | undefined;
let opened: BackendInfo | undefined;
let heap: WasmHeap | undefined;

function checkChoice(choice: string, from: string): BackendChoice {
  const known = choices.find((name) => name === choice);
  if (known) return known;
  throw new RangeError(
    `Unknown backend "${choice}" in ${from}; expected one of ${choices.join(", ")}`,
  );
}

function checkThreads(threads: number, from: string): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= maxThreads) return threads;
  throw new RangeError(`Bad number of threads in ${from}: ${threads}, expected 1 to ${maxThreads}`);
}

function defaultChoice(): BackendChoice {
  const name = readEnv("COOPERTUNES_BACKEND");
  return name ? checkChoice(name, "COOPERTUNES_BACKEND") : "auto";
}

function defaultThreads(): number {
  const count = readEnv("COOPERTUNES_THREADS");
  if (count) return checkThreads(Number(count), "COOPERTUNES_THREADS");
  return Math.min(defaultMaxThreads, hardwareThreads());
}

async function openWebgpu({ name, software }: AdapterInfo, reason: string): Promise<BackendInfo> {
  await (await import("./webgpu.ts")).openWebgpu(software);
  checkKernels("webgpu");
  return { ...other("webgpu", reason), software, adapter: name };
}

async function openWasm(threads: number, reason: string): Promise<BackendInfo> {
  const build = chooseKernelBuild();
  const count = build.startsWith("shared") ? threads : 1;
  heap = await (await import("./wasm.ts")).openWasm(count, build);
  checkKernels("wasm");
  const kernelBuild = `${build} ${kernelBuilds[build]}`;
  return { name: "wasm", reason, threads: count, software: false, kernelBuild };
}

async function openNative(threads: number): Promise<BackendInfo> {
  const { library, gemm } = openBlas(threads);
  const info = await openWasm(threads, "asked for");
  heap!.gemm = gemm;
  const kernelBuild = `${info.kernelBuild} with ${library} on ${threads} threads`;
  return { ...info, name: "native", library, kernelBuild };
}

async function openCpu(reason: string): Promise<BackendInfo> {
  await (await import("./cpu.ts")).openCpu();
  checkKernels("cpu");
  return other("cpu", reason);
}

/** A backend without wasm kernels; their sources still tell one version of ours from another. */
function other(name: BackendName, reason: string): BackendInfo {
  return { name, reason, threads: 1, software: false, kernelBuild: kernelBuilds["plain"] };
}

async function open(choice: BackendChoice, threads: number): Promise<BackendInfo> {
  if (choice === "cpu") return await openCpu("asked for");
  if (choice === "wasm") return await openWasm(threads, "asked for");
  if (choice === "native") return await openNative(threads);
  const adapter = await findAdapter();
  if (choice === "webgpu") {
    if (adapter) return await openWebgpu(adapter, "asked for");
    throw new Error(
      "Cannot open the webgpu backend: no graphics adapter found; install a driver " +
        "(mesa-vulkan-drivers gives a software one) or choose wasm",
    );
  }
  if (adapter && !adapter.software) return await openWebgpu(adapter, "a graphics adapter is here");
  const found = adapter ? `only a software adapter (${adapter.name})` : "no graphics adapter";
  return await openWasm(threads, `${found} is here`);
}

function checkSame(info: BackendInfo, choice: BackendChoice): BackendInfo {
  if (choice === "auto" || choice === info.name) return info;
  throw new Error(
    `Cannot open the ${choice} backend: this process uses ${info.name} already, and its tensors cannot move; ` +
      "choose before the first call or start another process",
  );
}

/**
 * Opens the backend that all tensors of this process live on. Call it before any model is built; calling it again
 * without a choice, or with the same, gives the same answer.
 *
 * @param choice a backend by name, or `auto`: WebGPU on a hardware adapter, else wasm. Default: the environment
 * variable `COOPERTUNES_BACKEND` where it is set and may be read, else `auto`. `native` needs the full path of a BLAS
 * library in `COOPERTUNES_BLAS`, and the permission `--allow-ffi` for it
 * @param options `threads`: how many share the work on wasm. Default: `COOPERTUNES_THREADS`, else the number of
 * processors, at most 8. Results do not depend on it, but on native their last bits may
 * @throws {RangeError} If the name or the number of threads is none
 * @throws {Error} If another backend is open, there is no adapter for WebGPU or no library for native, or the backend lacks a
 * kernel
 *
 * @example
 * ```ts
 * const { name, reason } = await openBackend("wasm");
 * ```
 */
export async function openBackend(
  choice?: BackendChoice,
  options: { threads?: number } = {},
): Promise<BackendInfo> {
  if (choice === undefined && opening) return await opening;
  const wanted = choice === undefined ? defaultChoice() : checkChoice(choice, "openBackend()");
  if (opening) return checkSame(await opening, wanted);
  const threads = options.threads === undefined
    ? defaultThreads()
    : checkThreads(options.threads, "openBackend()");
  opening = open(wanted, threads);
  try {
    opened = await opening;
  } catch (error) {
    opening = undefined;
    throw error;
  }
  return opened;
}

/** The open backend, or undefined before `openBackend`; tells when threads could not start. */
export function backendInfo(): BackendInfo | undefined {
  if (!opened || !heap?.fault) return opened;
  return { ...opened, threads: 1, reason: `${opened.reason}; one thread, since ${heap.fault}` };
}
