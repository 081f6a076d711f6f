import { deepStrictEqual as deepEqual, match, ok, strictEqual } from "node:assert/strict";
import { tf } from "../../deps/tf.ts";
import { openBackend, ownKernels } from "../../models/device/mod.ts";
import { adviseOn, doctor, examine, type Findings } from "../../supervisors/doctor.ts";
import { formatReport } from "../../supervisors/doctor_text.ts";
import { type Check, runChecks } from "../../supervisors/evaluation/arithmetic.ts";
import { recordKernels } from "../support/kernel_calls.ts";

const { name: backend } = await openBackend();
const terminal = { print() {}, note() {}, interactive: false };
const report = await examine();

/** Runs the checks while a kernel of the open backend is another. */
async function checksWith(
  kernelName: string,
  change: (kernel: tf.KernelFunc) => tf.KernelFunc,
): Promise<Record<string, Check>> {
  const config = tf.getKernel(kernelName, tf.getBackend()), { kernelFunc } = config;
  config.kernelFunc = change(kernelFunc);
  try {
    return Object.fromEntries((await runChecks()).map((check) => [check.name, check]));
  } finally {
    config.kernelFunc = kernelFunc;
  }
}

Deno.test(`examine() finds ${backend} computing correctly and leaks no tensor`, async () => {
  const before = tf.memory().numTensors;
  const { checks, wasm, ...found } = await examine();
  strictEqual(tf.memory().numTensors, before);
  strictEqual(found.backend.name, backend);
  ok(checks.length >= 34);
  for (const { name, error, gradientError = 0, ok: isRight } of checks) {
    ok(isRight && error < 1e-5 && gradientError < 1e-5, `${name}: ${error}, ${gradientError}`);
  }
  deepEqual(Object.keys(wasm).sort(), ["relaxedSimd", "simd", "threads"]);
  strictEqual(wasm.simd, true);
  const names = [...found.ownKernels.everywhere!, ...found.ownKernels[tf.getBackend()]!];
  deepEqual(names.sort(), ownKernels(tf.getBackend()));
});

Deno.test(`runChecks() runs every kernel of ours on ${backend}`, async () => {
  const { all } = await recordKernels(runChecks);
  deepEqual(ownKernels(tf.getBackend()).filter((name) => !all.includes(name)), []);
});

Deno.test("runChecks() notices a wrong result, a wrong gradient and a kernel that throws", async () => {
  const twice = (kernel: tf.KernelFunc): tf.KernelFunc => (call) => {
    const result = kernel(call) as tf.TensorInfo;
    const x = tf.engine().makeTensorFromTensorInfo(result);
    return tf.tidy(() => tf.mul(x, 2));
  };
  const forward = await checksWith("PixelNorm", twice);
  ok(!forward["pixel norm"]!.ok && forward["pixel norm"]!.error > 0.4);
  ok(forward["layer norm"]!.ok);
  const backward = (await checksWith("PixelNormGrad", twice))["pixel norm"]!;
  ok(!backward.ok && backward.error < 1e-5 && backward.gradientError! > 0.4);
  const broken = await checksWith("SeededDropout", () => () => {
    throw new Error("no such shader");
  });
  deepEqual([broken.dropout!.ok, broken.dropout!.failure], [false, "no such shader"]);
  const config = tf.getKernel("PixelNorm", tf.getBackend()), { kernelFunc } = config;
  config.kernelFunc = twice(kernelFunc);
  const { exitCode, text } = await doctor({}, terminal);
  config.kernelFunc = kernelFunc;
  strictEqual(exitCode, 1);
  match(text!, /WRONG +pixel norm: error \d/);
  match(text!, /advice +pixel norm is wrong on this backend/);
});

Deno.test("formatReport() names all that was found, in lines of at most 100 columns", () => {
  const text = formatReport(report);
  const words = ["Deno 2.", "relaxed SIMD", "adapter", `${backend}: `, "AdamUpdate", "on webgpu:"];
  for (const word of [...words, "matmul A^T B^T", "GRU decoding"]) {
    ok(text.includes(word), `${word} is missing in\n${text}`);
  }
  const { checks } = report;
  match(text, new RegExp(`${checks.length} of ${checks.length} operations, \\d+ of them with`));
  for (const line of text.split("\n")) ok(line.length <= 100, line);
});

Deno.test("adviseOn() says what to install or pass for each thing that is missing", () => {
  const adapter = { description: "card", vendor: "", device: "", architecture: "" };
  const hardware = { ...adapter, software: false, limits: {}, features: [] };
  const well: Findings = {
    ...report,
    runtime: { ...report.runtime, os: "linux" },
    processors: 4,
    adapter: hardware,
    graphicsDevice: "/dev/dri/renderD128",
    unreadVariables: [],
    backend: { ...report.backend, name: "wasm", threads: 4 },
  };
  deepEqual(adviseOn(well), []);
  const missing: [Partial<Findings>, RegExp][] = [
    [{ adapter: null }, /renderD128.*no Vulkan driver.*apt-get install mesa-vulkan-drivers/],
    [{ adapter: null, graphicsDevice: null }, /^No graphics adapter.*mesa-vulkan-drivers/],
    [{ adapter: { ...hardware, software: true } }, /played by the processor.*wasm is faster/],
    [
      { wasm: { simd: true, relaxedSimd: true, threads: false } },
      /no wasm SIMD or threads: use Deno/,
    ],
    [{ backend: { ...well.backend, threads: 1 } }, /one of 4 processors: pass --threads 4/],
    [
      { unreadVariables: ["COOPERTUNES_THREADS"] },
      /COOPERTUNES_THREADS; to choose by them pass --allow-env=COOPERTUNES_\*$/,
    ],
    [
      { checks: [{ name: "tile", error: 1, bound: 1e-4, ok: false }] },
      /tile is wrong on this backend: try --backend cpu/,
    ],
  ];
  for (const [change, message] of missing) {
    const advice = adviseOn({ ...well, ...change });
    strictEqual(advice.length, 1);
    match(advice[0]!, message);
  }
});

Deno.test(`ownKernels() names what is ours on ${backend}`, () => {
  const names = ownKernels(tf.getBackend());
  ok(names.includes("AdamUpdate") && names.includes("GruSequence"), names.join(", "));
  for (const name of names) ok(tf.getKernel(name, tf.getBackend()), name);
  deepEqual(ownKernels("none"), []);
});
