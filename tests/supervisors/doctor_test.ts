import { deepStrictEqual as deepEqual, ok, strictEqual } from "node:assert/strict";
import { tf } from "../../deps/tf.ts";
import { openBackend } from "../../models/device/mod.ts";
import { examine, formatReport, ownKernels } from "../../supervisors/doctor.ts";
import { root, sourceFiles } from "../../tools/imports.ts";

const { name: backend } = await openBackend();

Deno.test(`examine() finds ${backend} computing correctly and leaks no tensor`, async () => {
  const before = tf.memory().numTensors;
  const report = await examine();
  strictEqual(tf.memory().numTensors, before);
  strictEqual(report.backend.name, backend);
  strictEqual(report.checks.length, 5);
  for (const { name, error, ok: isRight } of report.checks) ok(isRight && error < 1e-5, name);
  deepEqual(Object.keys(report.wasm).sort(), ["relaxedSimd", "simd", "threads"]);
  strictEqual(report.wasm.simd, true);
});

Deno.test("formatReport() names runtime, adapter, backend, kernels and checks", async () => {
  const text = formatReport(await examine());
  for (const word of ["Deno 2.", "wasm", "adapter", `backend     ${backend}`, "GRU gradient: ok"]) {
    ok(text.includes(word), `${word} is missing in\n${text}`);
  }
});

Deno.test("ownKernels lists what models/device/kernels registers", async () => {
  const found: Record<string, string[]> = { cpu: [], wasm: [], webgpu: [] };
  const files = (await sourceFiles("models/device/kernels")).filter((file) => file.endsWith(".ts"));
  for (const file of files) {
    const source = await Deno.readTextFile(new URL(file, root));
    const named = /(?:register|replace)Kernel(?:OfOps)?\(\s*"(\w+)",\s*"(\w+)"/g;
    for (const [, kernel, where] of source.matchAll(named)) found[where].push(kernel);
    for (const [, kernel] of source.matchAll(/registerKernelCpu\(\s*"(\w+)"/g)) {
      found.cpu.push(kernel);
    }
  }
  for (const name of ["cpu", "wasm", "webgpu"]) {
    deepEqual(found[name].sort(), [...ownKernels[name]].sort(), name);
  }
});
