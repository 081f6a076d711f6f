/** Adam with bias correction: Kingma & Ba 2015, arXiv:1412.6980, in PyTorch's form. @module */
import { type Tensor, tf } from "../../deps/tf.ts";
import type { TensorData } from "../../datatools/checkpoints/safetensors.ts";
import type { TrainingHParams } from "../../hparams/training.ts";
import { adamUpdate } from "../../models/device/mod.ts";
import { checkStateDict, type Parameter, readTensors } from "../../models/nn/mod.ts";
import type { Gradients } from "./clip.ts";

/** The hparams of Adam. */
export type AdamHParams = Pick<TrainingHParams, "adamBeta1" | "adamBeta2" | "adamEpsilon">;

interface Moments {
  readonly m: Tensor;
  readonly v: Tensor;
}

/** Moves parameters along their gradients; its moments are kept by parameter key. */
export class Adam {
  readonly #moments = new Map<string, Moments>();

  /** Starts with moments of zero for each of `parameters`. */
  constructor(
    readonly parameters: ReadonlyMap<string, Parameter>,
    readonly hparams: AdamHParams,
  ) {
    for (const [key, { shape }] of parameters) {
      this.#moments.set(key, { m: tf.zeros([...shape]), v: tf.zeros([...shape]) });
    }
  }

  /**
   * Makes one update.
   *
   * @param gradients One for each parameter
   * @param learningRate The step size
   * @param step The number of this update, from 1: corrects the bias of young moments
   */
  update(gradients: Gradients, learningRate: number, step: number): void {
    const { adamBeta1: beta1, adamBeta2: beta2, adamEpsilon: epsilon } = this.hparams;
    for (const [key, parameter] of this.parameters) {
      const old = this.#moments.get(key)!;
      const next = adamUpdate(
        { param: parameter.value, gradient: gradients.get(key)!, m: old.m, v: old.v },
        { learningRate, beta1, beta2, epsilon, step },
      );
      parameter.assign(next.param);
      tf.dispose([old.m, old.v]);
      this.#moments.set(key, { m: next.m, v: next.v });
    }
  }

  /** Reads the moments back, as `<key>/exp_avg` and `<key>/exp_avg_sq`. */
  async state(): Promise<Map<string, TensorData>> {
    return await readTensors([...this.#moments].flatMap(([key, { m, v }]) => [
      [`${key}/exp_avg`, m] as const,
      [`${key}/exp_avg_sq`, v] as const,
    ]));
  }

  /**
   * Takes the moments that {@linkcode Adam.state} gave.
   *
   * @param name What to call the source in errors
   * @throws {CheckpointError} If a key is missing or unknown, or a shape differs
   */
  loadState(state: ReadonlyMap<string, TensorData>, name: string): void {
    const shapes = [...this.parameters].flatMap(([key, { shape }]) =>
      ["exp_avg", "exp_avg_sq"].map((moment) => [`${key}/${moment}`, shape] as const)
    );
    checkStateDict(state, new Map(shapes), name);
    const read = (key: string): Tensor => {
      const { data, shape } = state.get(key)!;
      return tf.tensor(data as Float32Array, [...shape], "float32");
    };
    this.dispose();
    for (const key of this.parameters.keys()) {
      this.#moments.set(key, { m: read(`${key}/exp_avg`), v: read(`${key}/exp_avg_sq`) });
    }
  }

  /** Frees the moments. */
  dispose(): void {
    for (const { m, v } of this.#moments.values()) tf.dispose([m, v]);
    this.#moments.clear();
  }
}
