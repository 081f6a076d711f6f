/**
 * Products by a BLAS library of this machine: cblas_sgemm (Blackford et al. 2002, doi:10.1145/567806.567807) called straight
 * on the wasm heap, without a copy. It is used only where it is asked for, and only after it has computed correctly here.
 *
 * @module
 */
import { type BlasLibrary, mayLoad, openBlasLibrary, readEnv } from "./host.ts";

/** A factor in row-major order. */
export interface Factor {
  /** From its first element on. */
  readonly values: Float32Array;
  /** From one row to the next as it is stored, in elements. */
  readonly stride: number;
  /** Whether it is stored the other way round. */
  readonly transposed: boolean;
}

/** What `gemm` computes: [m, k] by [k, n]. */
export interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** C = A B, or C += A B; the rows of C follow each other. */
export type Gemm = (
  factors: readonly [a: Factor, b: Factor],
  c: Float32Array,
  sizes: Sizes,
  accumulate: boolean,
) => void;

/** The variable that names the library. */
const VARIABLE = "COOPERTUNES_BLAS";
/** The names that CBLAS gives to row-major order and to what is done with a factor. */
const rowMajor = 101, order = { plain: 111, transposed: 112 };
const install = "on Debian: apt-get install libopenblas0-pthread";

/** The function of a library. */
export function gemmOf({ sgemm }: Pick<BlasLibrary, "sgemm">): Gemm {
  const orderOf = ({ transposed }: Factor) => transposed ? order.transposed : order.plain;
  return ([a, b], c, { m, n, k }, accumulate) =>
    sgemm(
      ...[rowMajor, orderOf(a), orderOf(b), m, n, k] as const,
      ...[1, a.values, a.stride, b.values, b.stride] as const,
      ...[accumulate ? 1 : 0, c, n] as const,
    );
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
}

/** The path that the environment names. */
function libraryPath(): string {
  const path = readEnv(VARIABLE);
  if (path && isAbsolute(path)) return path;
  const found = path ? `${VARIABLE} is "${path}"` : `${VARIABLE} is not set, or may not be read`;
  throw new Error(
    `Cannot open the native backend: ${found}, expected the full path of a BLAS library such as ` +
      `/usr/lib/x86_64-linux-gnu/libopenblas.so.0 (${install}); ` +
      `set it, and add --allow-env=${VARIABLE} --allow-ffi=PATH before the name of the program`,
  );
}

/**
 * Loads the library that `COOPERTUNES_BLAS` names and checks that it multiplies correctly.
 *
 * @param threads how many of its threads share a product, where it is OpenBLAS
 * @throws {Error} If none is named, it may not be loaded or cannot be, or its results are wrong
 */
export function openBlas(threads: number): { library: string; gemm: Gemm } {
  const library = libraryPath();
  if (!mayLoad(library)) {
    throw new Error(
      `Cannot open the native backend: "${library}" may not be loaded; ` +
        `add --allow-ffi=${library} before the name of the program`,
    );
  }
  let functions: BlasLibrary;
  try {
    functions = openBlasLibrary(library);
  } catch (error) {
    throw new Error(
      `Cannot open the native backend: "${library}" is no BLAS library that can be loaded ` +
        `(${error instanceof Error ? error.message : error}); ${install}`,
    );
  }
  functions.setThreads?.(threads);
  const gemm = gemmOf(functions);
  checkGemm(gemm, library);
  return { library, gemm };
}

/** A factor whose rows are three elements longer than they need to be, of numbers that follow from its sizes. */
function makeFactor(rows: number, columns: number, transposed: boolean): Factor {
  const [lines, length] = transposed ? [columns, rows] : [rows, columns], stride = length + 3;
  const values = Float32Array.from(
    { length: lines * stride },
    (_, i) => (i * 37 + rows * 11 + columns) % 64 / 32 - 1, // products of such numbers are exact
  );
  return { values, stride, transposed };
}

function elementOf({ values, stride, transposed }: Factor, row: number, column: number): number {
  return values[transposed ? column * stride + row : row * stride + column];
}

/** Whether all of C is what plain sums give. */
function isRight(gemm: Gemm, a: Factor, b: Factor, { m, n, k }: Sizes): boolean {
  const c = new Float32Array(m * n).fill(NaN), twice = new Float32Array(m * n).fill(1);
  gemm([a, b], c, { m, n, k }, false);
  gemm([a, b], twice, { m, n, k }, true);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += elementOf(a, i, p) * elementOf(b, p, j);
      const at = i * n + j, bound = 1e-5 * k;
      if (!(Math.abs(c[at] - sum) <= bound && Math.abs(twice[at] - 1 - sum) <= bound)) return false;
    }
  }
  return true;
}

/**
 * Compares products of several sizes, in all transpositions and between other elements, with plain sums.
 *
 * @throws {Error} If one is wrong
 */
export function checkGemm(gemm: Gemm, library: string): void {
  const shapes = [[1, 1, 1], [2, 3, 5], [7, 17, 9], [16, 16, 16], [33, 5, 70], [65, 130, 67]];
  for (const [m, n, k] of shapes) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const a = makeFactor(m, k, transposeA), b = makeFactor(k, n, transposeB);
        if (isRight(gemm, a, b, { m, n, k })) continue;
        throw new Error(
          `Cannot open the native backend: "${library}" multiplies [${m}, ${k}] by [${k}, ${n}] wrongly ` +
            `with transposeA=${transposeA} and transposeB=${transposeB}; update it, or choose wasm`,
        );
      }
    }
  }
}
