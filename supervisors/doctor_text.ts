/** What `doctor` found, for people. @module */
import type { AdapterReport, DoctorReport } from "./doctor.ts";
import type { Check } from "./evaluation/arithmetic.ts";
import { columns } from "./logging/columns.ts";

type Row = readonly [name: string, text: string];

/** The limits that our kernels are bound by; JSON has all of them. */
const mainLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
];

function adapterRows(adapter: AdapterReport | null): Row[] {
  if (adapter === null) return [["adapter", "none"]];
  const { description, vendor, architecture, device, software, limits, features } = adapter;
  const driver = Object.entries({ vendor, architecture, device })
    .filter(([, value]) => value !== "").map(([name, value]) => `${name} ${value}`);
  const known = mainLimits.filter((name) => name in limits)
    .map((name) => `${name} ${limits[name]!.toLocaleString("en")}`);
  return [
    ["adapter", `${description}; ${software ? "played by the processor" : "hardware"}`],
    ["driver", driver.join(", ") || "tells nothing about itself"],
    ["limits", known.join(", ")],
    ["features", features.join(", ")],
  ];
}

function kernelRows({ everywhere, ...replaced }: DoctorReport["ownKernels"]): Row[] {
  return [
    ["own kernels", `on every backend: ${everywhere!.join(", ")}`],
    ...Object.entries(replaced).map(([backend, names]): Row => {
      return ["", `in place of TensorFlow.js's on ${backend}: ${names.join(", ")}`];
    }),
  ];
}

const digits = (error: number) => error.toExponential(1);

function checkRows(checks: readonly Check[]): Row[] {
  const right = checks.filter(({ ok }) => ok), wrong = checks.filter(({ ok }) => !ok);
  const withGradient = right.filter(({ gradientError }) => gradientError !== undefined);
  const largest = Math.max(
    ...right.map(({ error, gradientError = 0 }) => Math.max(error, gradientError)),
  );
  const summary =
    `${right.length} of ${checks.length} operations, ${withGradient.length} of them ` +
    `with gradients, agree with plain numbers within ${digits(largest)}`;
  return [
    ["arithmetic", right.length > 0 ? summary : "no operation agrees with plain numbers"],
    ["", right.map(({ name }) => name).join(", ")],
    ...wrong.map(({ name, error, gradientError, bound, failure }): Row => {
      const gradient = gradientError === undefined ? "" : `, gradient ${digits(gradientError)}`;
      return [
        "WRONG",
        `${name}: ${failure ?? `error ${digits(error)}${gradient}; bound ${bound}`}`,
      ];
    }),
  ];
}

/** The report as lines of text of at most 100 columns. */
export function formatReport(report: DoctorReport): string {
  const { runtime, processors, wasm, adapter, backend, ownKernels, checks, advice } = report;
  const yes = (value: boolean) => value ? "yes" : "no";
  return columns([
    ["runtime", `Deno ${runtime.deno}, V8 ${runtime.v8}, TypeScript ${runtime.typescript}`],
    ["system", `${runtime.os} ${runtime.arch}, ${processors} processors`],
    ["tfjs", runtime.tfjs!],
    [
      "wasm",
      `SIMD ${yes(wasm.simd)}, relaxed SIMD ${yes(wasm.relaxedSimd)}, threads ${yes(wasm.threads)}`,
    ],
    ...adapterRows(adapter),
    [
      "backend",
      `${backend.name}: ${backend.reason}; threads: ${backend.threads}; kernels: ${backend.kernelBuild}`,
    ],
    ...(backend.library ? [["library", backend.library] as const] : []),
    ...kernelRows(ownKernels),
    ...checkRows(checks),
    ...advice.map((line): Row => ["advice", line]),
  ]).join("\n");
}
