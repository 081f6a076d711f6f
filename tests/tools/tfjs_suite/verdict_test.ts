/** What the specs of tfjs-core gave against what is accepted. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { accepted } from "../../../tools/tfjs_suite/accepted.ts";
import { type AcceptedGroup, judge, type SpecResult } from "../../../tools/tfjs_suite/verdict.ts";

const groups: AcceptedGroup[] = [
  { reason: "none such", backends: ["wasm"], kernels: ["Fft", "Einsum"] },
  { reason: "wrong", backends: ["wasm", "cpu"], specs: { "ops/pool_test": ["pool: a", "pool b"] } },
];
const missing = (name: string) => `Error: Kernel '${name}' not registered for backend 'wasm'.`;
const result = (module: string, spec: string, ...failures: string[]): SpecResult => {
  return { module, spec, failures };
};
const everything = { backend: "wasm", modules: ["ops/pool_test", "ops/fft_test"], all: true };

Deno.test("judge: failures that are named are accepted, by their module, or by the missing kernel", () => {
  const results = [
    result("ops/pool_test", "pool: a", "wrong"),
    result("ops/pool_test", "pool b", "wrong"),
    result("ops/fft_test", "fft", missing("Fft"), missing("Fft")),
    result("ops/fft_test", "product", missing("Einsum")),
    result("ops/fft_test", "good"),
  ];
  const accepted = results.slice(0, 4);
  deepEqual(judge(results, groups, everything), { passed: 1, failed: [], accepted, stale: [] });
});

Deno.test("judge: all other failures are new: of another module, kernel or backend, or for one more cause", () => {
  const results = [
    result("ops/fft_test", "pool b", "wrong"),
    result("ops/fft_test", "real", missing("RFft")),
    result("ops/fft_test", "fft", missing("Fft"), "Arrays differ"),
    result("ops/fft_test", "both", missing("Fft"), missing("Einsum")),
  ];
  deepEqual(judge(results, groups, everything).failed, results);
  const onCpu = { ...everything, backend: "cpu" },
    fft = result("ops/fft_test", "a", missing("Fft"));
  deepEqual(judge([fft], groups, onCpu).failed, [fft]);
});

Deno.test("judge: what is accepted and does not fail is stale, where its module ran", () => {
  const results = [result("ops/pool_test", "pool: a"), result("ops/pool_test", "pool b", "wrong")];
  const stale = ["Fft", "Einsum", "ops/pool_test: pool: a"];
  deepEqual(judge(results, groups, everything).stale, stale);
  const some = { ...everything, modules: ["ops/pool_test"], all: false };
  deepEqual(judge(results, groups, some).stale, stale.slice(2));
  deepEqual(judge([], groups, { ...some, modules: ["ops/add_test"] }).stale, []);
});

Deno.test("accepted: each group has a reason, and none names a spec twice", () => {
  const names = accepted.flatMap(({ backends, kernels = [], specs = {} }) =>
    backends.flatMap((backend) => [
      ...kernels.map((kernel) => `${backend}: ${kernel}`),
      ...Object.entries(specs).flatMap(([module, list]) =>
        list.map((spec) => `${backend}: ${module}: ${spec}`)
      ),
    ])
  );
  deepEqual(names.length, new Set(names).size);
  deepEqual(accepted.filter(({ reason }) => reason.length < 20), []);
});
