/** `doctor`: what this machine has, whether it computes correctly, and what to install. @module */
import { tf } from "../deps/tf.ts";
import {
  type BackendChoice,
  type BackendInfo,
  backendInfo,
  openBackend,
  ownKernels,
  type WasmFeatures,
  wasmFeatures,
} from "../models/device/mod.ts";
import { type Check, runChecks } from "./evaluation/arithmetic.ts";
import type { Outcome, Terminal } from "./outcome.ts";

/** The flags of `doctor`. */
export interface DoctorFlags {
  readonly backend?: BackendChoice;
  readonly threads?: number;
}

/** A graphics adapter, as the driver describes it. */
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

/** All that `doctor` finds. */
export interface DoctorReport {
  readonly runtime: Readonly<Record<string, string>>;
  readonly processors: number;
  /** What WebAssembly can do here. */
  readonly wasm: WasmFeatures;
  /** Null without a graphics adapter. */
  readonly adapter: AdapterReport | null;
  /** The backend that commands take here. */
  readonly backend: BackendInfo;
  /** The kernels of our own on that backend. */
  readonly ownKernels: readonly string[];
  readonly checks: readonly Check[];
  /** What to install or change. */
  readonly advice: readonly string[];
}

const limitNames = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
] as const;

async function describeAdapter(): Promise<AdapterReport | null> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return null;
  const { description, vendor, device, architecture, isFallbackAdapter } = adapter.info;
  return {
    description,
    vendor,
    device,
    architecture,
    software: isFallbackAdapter,
    limits: Object.fromEntries(limitNames.map((name) => [name, Number(adapter.limits[name])])),
    features: [...adapter.features].sort(),
  };
}

function adviseOn({ adapter, wasm, checks }: Omit<DoctorReport, "advice">): string[] {
  const advice: string[] = [];
  const linux = Deno.build.os === "linux";
  if (adapter === null) {
    advice.push(
      "No graphics adapter: computing is done by wasm. With a GPU, install its driver with Vulkan support" +
        (linux ? "; for WebGPU without one: apt-get install mesa-vulkan-drivers" : ""),
    );
  } else if (adapter.software) {
    advice.push(
      "The adapter is played by the processor: it serves for tests (--backend webgpu), wasm is faster. " +
        "With a GPU, install its driver with Vulkan support",
    );
  }
  if (!wasm.simd || !wasm.threads) {
    advice.push("This runtime has no wasm SIMD or threads: use Deno 2.9.6 (npx --yes deno@2.9.6)");
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
  const { deno, v8, typescript } = Deno.version;
  const adapter = await describeAdapter();
  const opened = await openBackend(flags.backend, flags);
  const checks = await runChecks();
  const backend = backendInfo() ?? opened;
  const { os, arch } = Deno.build;
  const found = {
    runtime: { deno, v8, typescript, tfjs: tf.version.tfjs, os, arch },
    processors: navigator.hardwareConcurrency,
    wasm: wasmFeatures(),
    adapter,
    backend,
    ownKernels: ownKernels(backend.name),
    checks,
  };
  return { ...found, advice: adviseOn(found) };
}

/** The report as lines of text. */
export function formatReport(report: DoctorReport): string {
  const { runtime, processors, wasm, adapter, backend, checks, advice } = report;
  const yes = (value: boolean) => value ? "yes" : "no";
  const row = (name: string, value: string) => `${name.padEnd(12)}${value}`;
  const gpu = adapter === null ? ["none"] : [
    [adapter.description, adapter.vendor, adapter.device].filter((part) => part !== "").join(", "),
    adapter.software ? "played by the processor" : "hardware",
    ...Object.entries(adapter.limits).map(([name, value]) =>
      `${name} ${value.toLocaleString("en")}`
    ),
  ];
  return [
    row("runtime", `Deno ${runtime.deno}, V8 ${runtime.v8}, TypeScript ${runtime.typescript}`),
    row("system", `${runtime.os} ${runtime.arch}, ${processors} processors`),
    row("tfjs", runtime.tfjs),
    row(
      "wasm",
      `SIMD ${yes(wasm.simd)}, relaxed SIMD ${yes(wasm.relaxedSimd)}, threads ${yes(wasm.threads)}`,
    ),
    ...gpu.map((line, i) => row(i === 0 ? "adapter" : "", line)),
    row("backend", `${backend.name}: ${backend.reason}; threads: ${backend.threads}`),
    row("kernels", `ours, build ${backend.kernelBuild}: ${report.ownKernels.join(", ")}`),
    ...checks.map(({ name, error, bound, ok }) =>
      row(
        "check",
        `${name}: ${ok ? "ok" : "WRONG"}, error ${error.toExponential(1)}, bound ${bound}`,
      )
    ),
    ...advice.map((line) => row("advice", line)),
  ].join("\n");
}

/** Examines the machine; exit code 1 only if the arithmetic is wrong. */
export async function doctor(flags: DoctorFlags, _terminal: Terminal): Promise<Outcome> {
  const report = await examine(flags);
  const exitCode = report.checks.every(({ ok }) => ok) ? 0 : 1;
  return { exitCode, text: formatReport(report), data: report };
}
