/** `doctor`: what this machine has, whether it computes correctly, and what to install. @module */
import { tf } from "../deps/tf.ts";
import {
  type BackendChoice,
  type BackendInfo,
  backendInfo,
  openBackend,
  ownOperations,
  replacedKernels,
  type WasmFeatures,
  wasmFeatures,
} from "../models/device/mod.ts";
import { formatReport } from "./doctor_text.ts";
import { type Check, runChecks } from "./evaluation/arithmetic.ts";
import type { Outcome, Terminal } from "./outcome.ts";

/** The flags of `doctor`. */
export interface DoctorFlags {
  readonly backend?: BackendChoice;
  readonly threads?: number;
}

/** A graphics adapter, as the driver describes it; what it does not tell is empty. */
export interface AdapterReport {
  readonly description: string;
  readonly vendor: string;
  readonly device: string;
  readonly architecture: string;
  /** Whether the processor plays its part. */
  readonly software: boolean;
  readonly limits: Readonly<Record<string, number>>;
  readonly features: readonly string[];
}

/** What `doctor` finds, without the advice that follows from it. */
export interface Findings {
  readonly runtime: Readonly<Record<string, string>>;
  readonly processors: number;
  /** What WebAssembly can do here. */
  readonly wasm: WasmFeatures;
  /** Null without a graphics adapter. */
  readonly adapter: AdapterReport | null;
  /** The operating system's file of a graphics device, where there is one and it may be looked for. */
  readonly graphicsDevice: string | null;
  /** The environment variables that would be read but may not be. */
  readonly unreadVariables: readonly string[];
  /** The backend that commands take here. */
  readonly backend: BackendInfo;
  /** The kernels of our own on each backend; `everywhere` lists the operations that TensorFlow.js does not have. */
  readonly ownKernels: Readonly<Record<string, readonly string[]>>;
  readonly checks: readonly Check[];
}

/** All that `doctor` says. */
export interface DoctorReport extends Findings {
  /** What to install or change. */
  readonly advice: readonly string[];
}

const variables = ["BACKEND", "THREADS", "KERNELS", "BLAS"].map((name) => `COOPERTUNES_${name}`);

async function describeAdapter(): Promise<AdapterReport | null> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return null;
  const { description, vendor, device, architecture, isFallbackAdapter } = adapter.info;
  const limits = Object.keys(Object.getOwnPropertyDescriptors(GPUSupportedLimits.prototype))
    .map((name) => [name, adapter.limits[name as keyof GPUSupportedLimits]] as const)
    .filter(([, value]) => typeof value === "number");
  return {
    description,
    vendor,
    device,
    architecture,
    software: isFallbackAdapter,
    limits: Object.fromEntries(limits),
    features: [...adapter.features].sort(),
  };
}

/** A file that Linux has for a graphics device. */
function findGraphicsDevice(): string | null {
  const exists = (path: string) => {
    const { state } = Deno.permissions.querySync({ name: "read", path });
    try {
      return state === "granted" && Deno.statSync(path) !== undefined;
    } catch {
      return false;
    }
  };
  return ["/dev/dri/renderD128", "/dev/nvidia0"].find(exists) ?? null;
}

function adviseOnAdapter({ adapter, graphicsDevice, runtime }: Findings): string[] {
  const linux = runtime.os === "linux";
  if (adapter === null && graphicsDevice !== null) {
    return [
      `A graphics device is here (${graphicsDevice}), but no Vulkan driver that can use it: for AMD and Intel ` +
      "apt-get install mesa-vulkan-drivers, for NVIDIA its driver with the Vulkan part; " +
      "until then computing is done by wasm",
    ];
  }
  if (adapter === null) {
    return [
      "No graphics adapter: computing is done by wasm. With a GPU, install its driver with Vulkan support" +
      (linux ? "; for WebGPU without one: apt-get install mesa-vulkan-drivers" : ""),
    ];
  }
  if (!adapter.software) return [];
  return [
    "The adapter is played by the processor: it serves for tests (--backend webgpu), wasm is faster. " +
    "With a GPU, install its driver with Vulkan support",
  ];
}

/** What to install, pass or report, in full sentences; nothing where all is well. */
export function adviseOn(findings: Findings): string[] {
  const { wasm, backend, processors, unreadVariables, checks } = findings;
  const advice = adviseOnAdapter(findings);
  if (!wasm.simd || !wasm.threads) {
    advice.push("This runtime has no wasm SIMD or threads: use Deno 2.9.6 (npx --yes deno@2.9.6)");
  } else if (backend.name === "wasm" && backend.threads === 1 && processors > 1) {
    advice.push(
      `wasm uses one of ${processors} processors: pass --threads ${Math.min(8, processors)}, ` +
        "and leave COOPERTUNES_THREADS and COOPERTUNES_KERNELS unset",
    );
  }
  if (unreadVariables.length > 0) {
    advice.push(
      `Not allowed to be read: ${
        unreadVariables.join(", ")
      }; to choose by them pass --allow-env=COOPERTUNES_*`,
    );
  }
  for (const { name, ok } of checks) {
    if (!ok) {
      advice.push(`${name} is wrong on this backend: try --backend cpu and report this output`);
    }
  }
  return advice;
}

/** Looks at the machine and opens the backend that the flags ask for. */
export async function examine(flags: DoctorFlags = {}): Promise<DoctorReport> {
  const { deno, v8, typescript } = Deno.version, { os, arch } = Deno.build;
  const adapter = await describeAdapter();
  const opened = await openBackend(flags.backend, flags);
  const checks = await runChecks();
  const isUnread = (variable: string) =>
    Deno.permissions.querySync({ name: "env", variable }).state !== "granted";
  const findings: Findings = {
    runtime: { deno, v8, typescript, tfjs: tf.version.tfjs, os, arch },
    processors: navigator.hardwareConcurrency,
    wasm: wasmFeatures(),
    adapter,
    graphicsDevice: findGraphicsDevice(),
    unreadVariables: variables.filter(isUnread),
    backend: backendInfo() ?? opened,
    ownKernels: { everywhere: ownOperations, ...replacedKernels },
    checks,
  };
  return { ...findings, advice: adviseOn(findings) };
}

/** Examines the machine; exit code 1 only if the arithmetic is wrong. */
export async function doctor(flags: DoctorFlags, _terminal: Terminal): Promise<Outcome> {
  const report = await examine(flags);
  const exitCode = report.checks.every(({ ok }) => ok) ? 0 : 1;
  return { exitCode, text: formatReport(report), data: report };
}
