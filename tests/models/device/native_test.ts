/** The native backend: which library it takes, what it refuses and says, and what it makes of a product. */
import { deepStrictEqual as deepEqual, match, ok, throws } from "node:assert/strict";
import type { WasmHeap } from "../../../models/device/heap.ts";
import { multiplyNative } from "../../../models/device/kernels/matmul/native.ts";
import { checkGemm, type Factor, type Gemm } from "../../../models/device/native.ts";
import { runDeno } from "../../support/run_cli.ts";

const elementOf = ({ values, stride, transposed }: Factor, row: number, column: number): number =>
  values[transposed ? column * stride + row : row * stride + column];

/** A library that computes as it should. */
const plainGemm: Gemm = ([a, b], c, { m, n, k }, accumulate) => {
  for (let at = 0; at < m * n; at++) {
    let sum = accumulate ? c[at] : 0;
    for (let p = 0; p < k; p++) {
      sum += elementOf(a, Math.floor(at / n), p) * elementOf(b, p, at % n);
    }
    c[at] = sum;
  }
};

Deno.test("checkGemm() takes a library that multiplies correctly and refuses any other", () => {
  checkGemm(plainGemm, "right");
  const faults: Record<string, Gemm> = {
    transposition: ([a, b], ...rest) => plainGemm([{ ...a, transposed: false }, b], ...rest),
    stride: ([a, b], c, sizes, accumulate) =>
      plainGemm([a, { ...b, stride: b.transposed ? sizes.k : sizes.n }], c, sizes, accumulate),
    accumulation: (factors, c, sizes) => plainGemm(factors, c, sizes, false),
    "last row": (factors, c, sizes, accumulate) => {
      plainGemm(factors, c, sizes, accumulate);
      if (sizes.m > 64) c[c.length - 1] += 1;
    },
    nothing: () => {},
  };
  for (const [name, gemm] of Object.entries(faults)) {
    throws(() => checkGemm(gemm, `/lib/${name}`), /"\/lib\/.*" multiplies \[\d+, \d+\] .* wrongly/);
  }
});

Deno.test("multiplyNative() hands over every transposition, bias, sum and item of a batch", () => {
  const m = 40, n = 30, k = 35, memory = new Float32Array(40_000);
  memory.forEach((_, i) => memory[i] = i * 37 % 64 / 32 - 1);
  const heap = {
    float32: (address: number, length: number) => new Float32Array(memory.buffer, address, length),
  } as WasmHeap;
  const offsets = [[0, 0], [4000, 0]] as const;
  const strides = { a: [[k + 2, 1], [1, m + 3]], b: [[n + 1, 1], [1, k + 4]] } as const;
  for (const aStrides of strides.a) {
    for (const bStrides of strides.b) {
      for (const [bias, accumulate] of [[undefined, false], [60_000, false], [undefined, true]]) {
        const product = { a: 0, b: 40_000, c: 80_000, m, n, k, aStrides, bStrides, offsets };
        const before = memory.slice();
        const isDone = multiplyNative(heap, plainGemm, {
          ...product,
          bias: bias as number | undefined,
          accumulate: accumulate as boolean,
        });
        ok(isDone);
        const expected = before.slice();
        offsets.forEach(([from], item) => {
          for (let at = 0; at < m * n; at++) {
            const i = Math.floor(at / n), j = at % n, to = 20_000 + item * m * n + at;
            let sum = accumulate ? before[to] : bias ? before[15_000 + j] : 0;
            for (let p = 0; p < k; p++) {
              sum += before[from + i * aStrides[0] + p * aStrides[1]] *
                before[10_000 + p * bStrides[0] + j * bStrides[1]];
            }
            expected[to] = sum;
          }
        });
        deepEqual(memory, expected);
      }
    }
  }
  const small = { a: 0, b: 0, c: 0, m: 4, n: 4, k: 4, aStrides: [4, 1], bStrides: [4, 1] } as const;
  ok(!multiplyNative(heap, () => ok(false), small), "a small product is left to our kernels");
});

Deno.test("openBackend('native') says what to set, to allow or to install", async () => {
  const module = new URL("../../../models/device/mod.ts", import.meta.url).href;
  const folder = await Deno.makeTempDir(),
    file = `${folder}/libblas.so`,
    none = `${folder}/none.so`;
  await Deno.writeTextFile(file, "no library");
  const script = `${folder}/open.ts`;
  await Deno.writeTextFile(
    script,
    `import { openBackend } from "${module}";
    await openBackend("native").catch(({ message }) => console.log(message));`,
  );
  const message = async (path: string | undefined, ...allow: string[]) => {
    const env: Record<string, string> = path === undefined ? {} : { COOPERTUNES_BLAS: path };
    const flags = ["run", "--quiet", "--no-check", "--no-prompt", ...allow];
    const { stdout, stderr } = await runDeno([...flags, script], { env });
    return stdout.trim() || stderr;
  };
  const variable = "--allow-env=COOPERTUNES_BLAS";
  try {
    match(
      await message(undefined),
      /COOPERTUNES_BLAS is not set, or may not be read, expected the/,
    );
    match(
      await message(file),
      /may not be read.* add --allow-env=COOPERTUNES_BLAS --allow-ffi=PATH/,
    );
    match(
      await message("libblas.so", variable),
      /COOPERTUNES_BLAS is "libblas.so", expected the full/,
    );
    const refused = await message(file, variable);
    ok(refused.includes(`"${file}" may not be loaded; add --allow-ffi=${file} before`), refused);
    for (const path of [file, none]) {
      const unloadable = await message(path, variable, `--allow-ffi=${path}`);
      ok(unloadable.includes(`"${path}" is no BLAS library that can be loaded (`), unloadable);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
