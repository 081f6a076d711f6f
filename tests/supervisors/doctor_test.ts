import { deepStrictEqual as deepEqual, ok, strictEqual } from "node:assert/strict";
import { tf } from "../../deps/tf.ts";
import { openBackend, ownKernels } from "../../models/device/mod.ts";
import { examine, formatReport } from "../../supervisors/doctor.ts";

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

Deno.test(`ownKernels() names what is ours on ${backend}`, () => {
  const names = ownKernels(backend);
  ok(names.includes("AdamUpdate") && names.includes("GruSequence"), names.join(", "));
  for (const name of names) ok(tf.getKernel(name, backend), name);
  deepEqual(ownKernels("none"), []);
});
