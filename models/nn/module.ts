/**
 * Parameters with names: the base of every network.
 *
 * A module declares parameters and children under the keys of the upstream project's state_dict.
 * Declaring allocates nothing; {@linkcode Module.initialize} or {@linkcode Module.loadStateDict}
 * gives the parameters their values.
 *
 * @module
 */
import { type Tensor, tf, type Variable } from "../../deps/tf.ts";
import {
  CheckpointError,
  type TensorData,
  toFloat32,
} from "../../datatools/checkpoints/safetensors.ts";
import { RandomStream } from "../../datatools/random.ts";
import type { Initializer } from "./init.ts";
import { sizeOf } from "./shape.ts";

/** What a forward pass must know: whether it trains, and where its random numbers come from. */
export type Pass =
  | { readonly training: false }
  | { readonly training: true; readonly random: RandomStream; readonly step: number };

/** The pass of inference: no dropout, nothing random. */
export const inferencePass: Pass = { training: false };

/** One trainable array: a shape, a way to start, and a value once it has one. */
export class Parameter {
  /** The shape of the value on the device. */
  readonly heldShape: readonly number[];
  readonly #permute: readonly number[] | undefined;
  #value: Variable | undefined;

  /**
   * Declares a parameter that starts as `init` says.
   *
   * @param shape As in files
   * @param options.permute The axis of the file that each axis on the device is; without it both are alike
   */
  constructor(
    readonly shape: readonly number[],
    readonly init: Initializer,
    { permute }: { readonly permute?: readonly number[] } = {},
  ) {
    this.#permute = permute;
    this.heldShape = permute?.map((axis) => shape[axis]!) ?? shape;
  }

  /**
   * The variable on the device.
   *
   * @throws {Error} If the module was neither initialized nor loaded
   */
  get value(): Variable {
    if (this.#value === undefined) {
      throw new Error("Parameter has no value; call initialize() or loadStateDict() on the model");
    }
    return this.#value;
  }

  /** Replaces the value by `next`, which the parameter owns from now on. */
  assign(next: Tensor): void {
    if (this.#value === undefined) this.#value = tf.variable(next);
    else this.#value.assign(next);
    next.dispose();
  }

  /** A tensor [...heldShape] of `values`, which stand as in files. */
  hold(values: Float32Array): Tensor {
    const held = this.#permute ? permuted(values, this.shape, this.#permute) : values;
    return tf.tensor(held, [...this.heldShape], "float32");
  }

  /** Reads a tensor [...heldShape] back as it stands in files: the value, its gradient or a moment. */
  async read(tensor: Tensor): Promise<TensorData> {
    const held = await tensor.data<"float32">();
    const inverse = this.#permute?.map((_, axis) => this.#permute!.indexOf(axis));
    const data = inverse ? permuted(held, this.heldShape, inverse) : held;
    return { dtype: "F32", shape: [...this.shape], data };
  }

  /** Frees the memory on the device. */
  dispose(): void {
    this.#value?.dispose();
    this.#value = undefined;
  }
}

/** `values` of `shape` with its axes in the order `permute`. */
function permuted(
  values: Float32Array,
  shape: readonly number[],
  permute: readonly number[],
): Float32Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const result = new Float32Array(values.length);
  let at = 0;
  const visit = (depth: number, from: number): void => {
    if (depth === permute.length) {
      result[at++] = values[from]!;
      return;
    }
    const axis = permute[depth]!;
    for (let i = 0; i < shape[axis]!; i++) visit(depth + 1, from + i * strides[axis]!);
  };
  visit(0, 0);
  return result;
}

/** A network or a part of one: named parameters and named children, in state_dict order. */
export abstract class Module {
  readonly #members = new Map<string, Parameter | Module>();

  /** Declares a parameter under `key`, a name without a prefix; as {@linkcode Parameter}'s constructor. */
  protected param(key: string, ...declared: ConstructorParameters<typeof Parameter>): Parameter {
    const parameter = new Parameter(...declared);
    this.#members.set(key, parameter);
    return parameter;
  }

  /** Declares a part: its keys get the prefix `key` and a dot. */
  protected child<M extends Module>(key: string, module: M): M {
    this.#members.set(key, module);
    return module;
  }

  /** Every parameter under its full key, in state_dict order. */
  parameters(): Map<string, Parameter> {
    const found = new Map<string, Parameter>();
    for (const [key, member] of this.#members) {
      if (member instanceof Parameter) found.set(key, member);
      else {for (const [tail, parameter] of member.parameters()) {
          found.set(`${key}.${tail}`, parameter);
        }}
    }
    return found;
  }

  /** What a checkpoint of a run keeps apart, by the prefix of the keys: a GAN's networks, else the whole. */
  get parts(): ReadonlyMap<string, Module> {
    return new Map([["model/", this]]);
  }

  /** The shape of every parameter under its full key. */
  stateDictShapes(): Map<string, readonly number[]> {
    return new Map([...this.parameters()].map(([key, { shape }]) => [key, shape]));
  }

  /** Draws every parameter anew; equal seeds give equal weights on every backend. */
  initialize(seed: number): this {
    this.draw(seed, "init/");
    return this;
  }

  /** Draws every parameter from the stream `prefix` and its key; for parts whose parameters follow from each other. */
  protected draw(seed: number, prefix: string): void {
    for (const [key, member] of this.#members) {
      if (member instanceof Module) member.draw(seed, `${prefix}${key}.`);
      else {
        const values = member.init(member.shape, new RandomStream(seed, `${prefix}${key}`));
        member.assign(member.hold(values));
      }
    }
  }

  /** Reads every parameter back, as float32 under its full key. */
  async stateDict(): Promise<Map<string, TensorData>> {
    const read = async ([key, parameter]: [string, Parameter]) =>
      [key, await parameter.read(parameter.value)] as const;
    return new Map(await Promise.all([...this.parameters()].map(read)));
  }

  /**
   * Takes every parameter from `state`, all or none.
   *
   * @param state Arrays under full keys; float32, float16 or bfloat16
   * @param name What to call the source in errors
   * @throws {CheckpointError} If a key is missing or unknown, or a shape differs
   */
  loadStateDict(state: ReadonlyMap<string, TensorData>, name: string): this {
    const parameters = this.parameters();
    checkStateDict(state, this.stateDictShapes(), name);
    for (const [key, parameter] of parameters) {
      parameter.assign(parameter.hold(toFloat32(state.get(key)!)));
    }
    return this;
  }

  /** How many numbers the parameters hold. */
  parameterCount(): number {
    return [...this.parameters().values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }

  /** Frees every parameter; the module can be initialized or loaded again. */
  dispose(): void {
    for (const parameter of this.parameters().values()) parameter.dispose();
  }

  /** Frees every parameter at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Throws a {@linkcode CheckpointError} unless `state` has exactly the keys and shapes of `shapes`. */
export function checkStateDict(
  state: ReadonlyMap<string, TensorData>,
  shapes: ReadonlyMap<string, readonly number[]>,
  name: string,
): void {
  for (const [key, shape] of shapes) {
    const found = state.get(key);
    if (found === undefined) {
      const keys = [...state.keys()].slice(0, 3).map((k) => `"${k}"`).join(", ");
      throw new CheckpointError(
        `Cannot load "${name}": "${key}" is missing, found ${
          keys || "nothing"
        }; it is a checkpoint of another model`,
        key,
      );
    }
    if (found.shape.join() !== shape.join()) {
      throw new CheckpointError(
        `Cannot load "${name}": "${key}" has shape [${found.shape}], expected [${shape}]; ` +
          `use the hparams that the checkpoint was trained with`,
        key,
      );
    }
  }
  for (const key of state.keys()) {
    if (!shapes.has(key)) {
      throw new CheckpointError(
        `Cannot load "${name}": "${key}" is not a parameter of this model; it is a checkpoint of another model`,
        key,
      );
    }
  }
}
