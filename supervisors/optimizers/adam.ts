/**
 * Adam with bias correction (Kingma & Ba 2015, arXiv:1412.6980) and, where asked, the weight decay of AdamW (Loshchilov & Hutter
 * 2019, arXiv:1711.05101), in PyTorch's form.
 *
 * @module
 */
import { type Scalar, type Tensor, tf } from "../../deps/tf.ts";
import type { TensorData } from "../../datatools/checkpoints/safetensors.ts";
import type { TrainingHParams } from "../../hparams/training.ts";
import { adamUpdate } from "../../models/device/mod.ts";
import { checkStateDict, type Parameter } from "../../models/nn/mod.ts";
import type { Gradients } from "./clip.ts";

/** The hparams of Adam. */
export type AdamHParams = Pick<
  TrainingHParams,
  "adamBeta1" | "adamBeta2" | "adamEpsilon" | "weightDecay"
>;

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
    for (const [key, { heldShape }] of parameters) {
      this.#moments.set(key, { m: tf.zeros([...heldShape]), v: tf.zeros([...heldShape]) });
    }
  }

  /**
   * Makes one update.
   *
   * @param gradients One for each parameter
   * @param gradientScale What all gradients are multiplied by, from `clipFactor`
   * @param learningRate The step size
   * @param step The number of this update, from 1: corrects the bias of young moments
   */
  update(gradients: Gradients, gradientScale: Scalar, learningRate: number, step: number): void {
    const { adamBeta1: beta1, adamBeta2: beta2, adamEpsilon: epsilon, weightDecay } = this.hparams;
    const tensors = [...this.parameters].map(([key, { value }]) => ({
      param: value,
      gradient: gradients.get(key)!,
      ...this.#moments.get(key)!,
    }));
    const settings = { learningRate, beta1, beta2, epsilon, weightDecay, step };
    const next = adamUpdate(tensors, settings, gradientScale);
    [...this.parameters].forEach(([key, parameter], i) => {
      const { param, m, v } = next[i]!;
      parameter.assign(param);
      tf.dispose([tensors[i]!.m, tensors[i]!.v]);
      this.#moments.set(key, { m, v });
    });
  }

  /** Reads the moments back, as `<key>/exp_avg` and `<key>/exp_avg_sq`. */
  async state(): Promise<Map<string, TensorData>> {
    const read = async ([key, parameter]: [string, Parameter]) => {
      const { m, v } = this.#moments.get(key)!;
      return [
        [`${key}/exp_avg`, await parameter.read(m)],
        [`${key}/exp_avg_sq`, await parameter.read(v)],
      ] as const;
    };
    return new Map((await Promise.all([...this.parameters].map(read))).flat());
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
    this.dispose();
    for (const [key, parameter] of this.parameters) {
      const read = (moment: string) =>
        parameter.hold(state.get(`${key}/${moment}`)!.data as Float32Array);
      this.#moments.set(key, { m: read("exp_avg"), v: read("exp_avg_sq") });
    }
  }

  /** Frees the moments. */
  dispose(): void {
    for (const { m, v } of this.#moments.values()) tf.dispose([m, v]);
    this.#moments.clear();
  }
}
