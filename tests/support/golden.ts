/** Recorded vectors of the PyTorch original: finding them, reading them, comparing with them. */
import { assert, assertEquals } from "./assert.ts";
import {
  decodeSafetensors,
  type TensorData,
  toFloat32,
} from "../../datatools/checkpoints/safetensors.ts";

/** A file of a family, read. */
export interface GoldenFile {
  readonly name: string;
  readonly path: string;
}

/** All models or tools whose files begin alike. */
export interface GoldenFamily {
  readonly prefix: string;
  check(file: GoldenFile): Promise<void> | void;
}

/** `tests/golden/` and the folder named by COOPERTUNES_GOLDEN; a name in both is read from the latter. */
export function goldenFiles(): GoldenFile[] {
  const folders = [
    new URL("../golden/", import.meta.url).pathname,
    Deno.env.get("COOPERTUNES_GOLDEN"),
  ];
  const files = new Map<string, GoldenFile>();
  for (const folder of folders.filter((folder) => folder !== undefined)) {
    for (const { name } of Deno.readDirSync(folder)) {
      if (/\.(safetensors|json|pt|data)$/.test(name)) {
        files.set(name, { name, path: `${folder}/${name}` });
      }
    }
  }
  return [...files.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

/** How an output may differ: the rules of the recording's notes. */
export type Kind = "forward" | "logMel" | "gradient" | "parameter" | "exact";

/** One recorded case; every output must be compared once. */
export class GoldenCase {
  readonly metadata: Record<string, string>;
  readonly hparams: Record<string, number>;
  readonly #tensors: ReadonlyMap<string, TensorData>;
  readonly #compared = new Set<string>();

  constructor(readonly file: GoldenFile) {
    const { tensors, metadata } = decodeSafetensors(Deno.readFileSync(file.path), file.name);
    this.#tensors = tensors;
    this.metadata = metadata;
    this.hparams = JSON.parse(metadata.hparams ?? "{}");
  }

  /** The recorded model state under upstream's keys. */
  state(): Map<string, TensorData> {
    const entries = [...this.#tensors].filter(([key]) => key.startsWith("state/"));
    return new Map(entries.map(([key, tensor]) => [key.slice("state/".length), tensor]));
  }

  /** The names of all recorded outputs, without `out/`. */
  outputs(): string[] {
    return [...this.#tensors.keys()].filter((key) => key.startsWith("out/")).map((key) =>
      key.slice(4)
    );
  }

  /** All recorded keys. */
  keys(): string[] {
    return [...this.#tensors.keys()];
  }

  has(key: string): boolean {
    return this.#tensors.has(key);
  }

  /** A recorded array: `in/<name>` or `out/<name>`. */
  get(key: string): { shape: number[]; values: Float32Array; integers: Int32Array } {
    const tensor = this.#tensors.get(key);
    assert(tensor, `${this.file.name} has no ${key}`);
    const values = toFloat32(tensor);
    return { shape: [...tensor.shape], values, integers: Int32Array.from(values) };
  }

  /** Compares an output; `learningRate` and `steps` bound parameters. */
  compare(
    name: string,
    actual: ArrayLike<number>,
    kind: Kind,
    adam = { learningRate: 0, steps: 0 },
  ): void {
    const expected = this.get(`out/${name}`).values;
    this.#compared.add(name);
    assertEquals(actual.length, expected.length, `${name}: number of values`);
    const errors = Float64Array.from(expected, (value, i) => Math.abs(actual[i]! - value));
    const worst = errors.reduce((a, b) => Math.max(a, b), 0);
    assert(!errors.some(Number.isNaN), `${name}: NaN`);
    if (kind === "parameter") {
      const moved = 2.1 * adam.learningRate * adam.steps;
      assert(worst <= moved, `${name}: error ${worst}, at most ${moved}`);
      const close = errors.filter((error) => error <= 1e-5).length / errors.length;
      assert(close >= 0.999, `${name}: ${100 * close} % within 1e-5, at least 99.9 %`);
      return;
    }
    const bound = this.#bound(name, expected, kind);
    assert(worst <= bound, `${name}: error ${worst}, at most ${bound}`);
  }

  assertAllCompared(): void {
    const left = this.outputs().filter((name) => !this.#compared.has(name));
    assertEquals(left, [], `${this.file.name}: outputs that nothing compares`);
  }

  #bound(name: string, expected: Float32Array, kind: Exclude<Kind, "parameter">): number {
    if (kind === "exact") return 0;
    if (kind === "logMel") return 1e-4; // quiet bins amplify rounding
    const group = name.split("/")[0]!;
    const float64 = JSON.parse(this.metadata.float64_check ?? "{}")[group];
    const jitter = JSON.parse(this.metadata.jitter_check ?? "{}").max_abs_diff?.[group] ?? 0;
    const drift = Math.max(float64?.max_abs_diff ?? 0, jitter);
    const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    if (kind === "forward") return Math.max(16 * drift, 2e-6 * Math.max(1, largest));
    return Math.max(16 * drift, 5e-6 * largest);
  }
}
