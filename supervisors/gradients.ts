/** The updates of a step, and their gradients. @module */
import { type Scalar, type Tensor, tf } from "../deps/tf.ts";
import type { Losses, Module, Pass } from "../models/nn/mod.ts";

/** One update of a step: a GAN has two, most models one. */
export interface Phase<B> {
  /** Prefix of its losses and moments in logs and checkpoints. */
  readonly name: string;
  /** The parameters that it moves. */
  readonly trains: Module;
  /** The first step at which it runs; 1 if not given. */
  readonly firstStep?: number;
  /** The terms whose sum is minimized, already weighted; `prepared` is what the supervisor prepared of the batch. */
  losses(batch: B, pass: Pass, prepared: readonly Tensor[]): Losses;
  /** What no gradient does, after the update. */
  after?(): void;
}

/** The loss terms of a batch, and the gradients of their sum by parameter key. */
export function gradientsOf<B>(
  phase: Phase<B>,
  batch: B,
  pass: Pass,
  prepared: readonly Tensor[] = [],
): { losses: Losses; gradients: Map<string, Tensor> } {
  const parameters = [...phase.trains.parameters()];
  let losses: Losses = {};
  const { value, grads } = tf.variableGrads(() => {
    const terms = phase.losses(batch, pass, prepared);
    losses = Object.fromEntries(Object.entries(terms).map(([k, v]) => [k, tf.keep(tf.clone(v))]));
    return tf.sum(tf.stack(Object.values(terms))) as Scalar;
  }, parameters.map(([, parameter]) => parameter.value));
  const total = { ...losses };
  if (Object.keys(losses).length > 1 || !("loss" in losses)) total.loss = value;
  else value.dispose();
  const gradients = new Map(parameters.map(([key, { value }]) => {
    const gradient = grads[value.name];
    return [key, gradient ?? tf.zerosLike(value)] as const;
  }));
  return { losses: total, gradients };
}

/** Adds the mean over `count` batches of each loss term to `figures`; takes the terms over. */
export function addFigures(figures: Map<string, Scalar>, losses: Losses, count: number): void {
  for (const [name, term] of Object.entries(losses)) {
    const share = count === 1 ? term : tf.tidy(() => tf.div(term, count) as Scalar);
    const before = figures.get(name);
    figures.set(name, before ? tf.add(before, share) : share);
    if (before) tf.dispose([before, share]);
    if (share !== term) term.dispose();
  }
}

/** The sums of two sets of gradients, which are disposed of. */
export function addAll(a: Map<string, Tensor>, b: Map<string, Tensor>): Map<string, Tensor> {
  const sum = new Map([...a].map(([key, x]) => [key, tf.add(x, b.get(key)!)]));
  tf.dispose([...a.values(), ...b.values()]);
  return sum;
}

/** Gradients times a factor; those given are disposed of. */
export function scaleAll(tensors: Map<string, Tensor>, factor: number): Map<string, Tensor> {
  const scaled = new Map([...tensors].map(([key, x]) => [key, tf.mul(x, factor)]));
  tf.dispose([...tensors.values()]);
  return scaled;
}
