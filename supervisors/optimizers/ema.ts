/** Exponential moving averages of parameters: Polyak & Juditsky 1992, doi:10.1137/0330046, in the form that GANs use. @module */
import { type Tensor, tf } from "../../deps/tf.ts";
import type { TensorData } from "../../datatools/checkpoints/safetensors.ts";
import { checkStateDict, type Parameter } from "../../models/nn/mod.ts";

/** Averages that follow parameters, kept by parameter key. */
export class Ema {
  readonly #averages = new Map<string, Tensor>();

  /**
   * Starts at the parameters as they are.
   *
   * @param decay in 0..1: what an update keeps of the average
   */
  constructor(readonly parameters: ReadonlyMap<string, Parameter>, readonly decay: number) {
    for (const [key, { value }] of parameters) this.#averages.set(key, tf.clone(value));
  }

  /** average = decay * average + (1 - decay) * parameter */
  update(): void {
    for (const [key, { value }] of this.parameters) {
      const before = this.#averages.get(key)!;
      const next = tf.tidy(() => tf.add(before, tf.mul(tf.sub(value, before), 1 - this.decay)));
      before.dispose();
      this.#averages.set(key, next);
    }
  }

  /** Exchanges parameters and averages; a second call undoes the first. */
  swap(): void {
    for (const [key, parameter] of this.parameters) {
      const average = this.#averages.get(key)!;
      this.#averages.set(key, tf.clone(parameter.value));
      parameter.assign(average);
    }
  }

  /** Reads the averages back, by parameter key. */
  async state(): Promise<Map<string, TensorData>> {
    const read = async ([key, parameter]: [string, Parameter]) =>
      [key, await parameter.read(this.#averages.get(key)!)] as const;
    return new Map(await Promise.all([...this.parameters].map(read)));
  }

  /**
   * Takes the averages that {@linkcode Ema.state} gave.
   *
   * @param name What to call the source in errors
   * @throws {CheckpointError} If a key is missing or unknown, or a shape differs
   */
  loadState(state: ReadonlyMap<string, TensorData>, name: string): void {
    const shapes = [...this.parameters].map(([key, { shape }]) => [key, shape] as const);
    checkStateDict(state, new Map(shapes), name);
    for (const [key, parameter] of this.parameters) {
      this.#averages.get(key)!.dispose();
      this.#averages.set(key, parameter.hold(state.get(key)!.data as Float32Array));
    }
  }

  /** Frees the averages. */
  dispose(): void {
    tf.dispose([...this.#averages.values()]);
    this.#averages.clear();
  }
}
