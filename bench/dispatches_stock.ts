/** A worker: counts what PerformanceRnn would take in ordinary ops and optimizers of TensorFlow.js. @module */
import { type Tensor, type Tensor1D, type Tensor2D, tf } from "../deps/tf.ts";
import "../deps/tfjs_webgpu.ts";
import { performanceRnnSchema } from "../hparams/performance_rnn.ts";
import { countOnDevice, type DeviceCounts } from "./device_counts.ts";
import { type Counts, sizes } from "./dispatches.ts";

const hparams = performanceRnnSchema.parse({});
const { eventDim, controlDim, hiddenDim, gruLayers, gruDropout, initDim } = hparams;
const { batch } = sizes;

/** A network of the default size; its values do not matter here. */
class StockRnn {
  readonly variables: tf.Variable[] = [];
  readonly #init = this.#linear(initDim, gruLayers * hiddenDim);
  readonly #embedding = this.#variable([eventDim, eventDim]);
  readonly #input = this.#linear(eventDim + 1 + controlDim, hiddenDim);
  readonly #layers = Array.from({ length: gruLayers }, () => ({
    x: this.#linear(hiddenDim, 3 * hiddenDim),
    h: this.#linear(hiddenDim, 3 * hiddenDim),
  }));
  readonly #output = this.#linear(gruLayers * hiddenDim, eventDim);

  #variable(shape: number[]): Tensor2D {
    const variable = tf.variable(tf.randomNormal(shape, 0, 0.05));
    this.variables.push(variable);
    return variable as Tensor as Tensor2D;
  }

  #linear(inputs: number, outputs: number): (x: Tensor) => Tensor {
    const weight = this.#variable([outputs, inputs]), bias = this.#variable([outputs]);
    return (x) => tf.add(tf.matMul(x as Tensor2D, weight, false, true), bias);
  }

  /** The states [batch, hiddenDim] before the first step, one a layer. */
  start(latent: Tensor2D): Tensor[] {
    return tf.split(tf.tanh(this.#init(latent)), gruLayers, 1);
  }

  /** One step of a layer; `x` is the input's projection. */
  #step(layer: number, x: Tensor, h: Tensor): Tensor {
    const [xr, xz, xn] = tf.split(x, 3, 1), [hr, hz, hn] = tf.split(this.#layers[layer].h(h), 3, 1);
    const r = tf.sigmoid(tf.add(xr, hr)), z = tf.sigmoid(tf.add(xz, hz));
    const n = tf.tanh(tf.add(xn, tf.mul(r, hn)));
    return tf.add(n, tf.mul(z, tf.sub(h, n)));
  }

  /** Logits [time * batch, eventDim] and the last states; all steps of a layer share the product of the input. */
  forward(events: Tensor1D, controls: Tensor2D, start: Tensor[], dropoutRate: number) {
    const flag = tf.zeros([events.size, 1]);
    const features = tf.concat([tf.gather(this.#embedding, events), flag, controls], 1);
    let input: Tensor = tf.leakyRelu(this.#input(features), 0.1);
    const all = this.#layers.map(({ x }, layer) => {
      if (layer > 0 && dropoutRate > 0) input = tf.dropout(input, dropoutRate);
      let h = start[layer];
      const projected = tf.split(x(input), events.size / batch, 0);
      const states = projected.map((x) => h = this.#step(layer, x, h));
      return [input = tf.concat(states, 0), h];
    });
    const logits = this.#output(tf.concat(all.map(([states]) => states), 1));
    return { logits, states: all.map(([, last]) => last) };
  }
}

await tf.setBackend("webgpu");
await tf.ready();
const model = new StockRnn();

/** One event for each item: the network, a draw on the device, and the events read back. */
async function countEvent(): Promise<DeviceCounts> {
  const controls = tf.zeros<tf.Rank.R2>([batch, controlDim]);
  let states = tf.tidy(() => model.start(tf.zeros([batch, initDim])));
  let events = tf.zeros<tf.Rank.R1>([batch], "int32");
  const next = async () => {
    const [drawn, ...after] = tf.tidy(() => {
      const { logits, states: after } = model.forward(events, controls, states, 0);
      return [tf.reshape(tf.multinomial(logits as Tensor2D, 1), [batch]), ...after];
    });
    tf.dispose([events, states]);
    [events, states] = [drawn as Tensor1D, after];
    await events.data();
  };
  await next();
  return await countOnDevice(next);
}

async function countTraining(window: number): Promise<DeviceCounts> {
  const adam = tf.train.adam(hparams.learningRate), count = window * batch;
  const events = tf.cast(tf.randomUniform([count], 0, eventDim), "int32") as Tensor1D;
  const controls = tf.randomUniform<tf.Rank.R2>([count, controlDim]);
  const latent = tf.randomNormal<tf.Rank.R2>([batch, initDim]);
  const loss = () => {
    const { logits } = model.forward(events, controls, model.start(latent), gruDropout);
    return tf.losses.softmaxCrossEntropy(tf.oneHot(events, eventDim), logits) as tf.Scalar;
  };
  const step = async () => {
    const value = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss, model.variables);
      const all = Object.values(grads);
      const norm = tf.sqrt(tf.addN(all.map((gradient) => tf.sum(tf.square(gradient)))));
      const factor = tf.minimum(1, tf.div(hparams.gradientClip, tf.add(norm, 1e-6)));
      adam.applyGradients(
        Object.entries(grads).map(([name, gradient]) => {
          return { name, tensor: tf.mul(gradient, factor) };
        }),
      );
      return value;
    });
    await value.data();
    value.dispose();
  };
  await step();
  return await countOnDevice(step);
}

async function countAdam(): Promise<DeviceCounts> {
  const adam = tf.train.adam(hparams.learningRate);
  const gradients = model.variables.map(({ name, shape }) => ({ name, tensor: tf.ones(shape) }));
  adam.applyGradients(gradients);
  return await countOnDevice(() => adam.applyGradients(gradients));
}

const counts: Counts = {
  event: await countEvent(),
  training: await countTraining(sizes.window),
  shorterTraining: await countTraining(sizes.shorterWindow),
  adam: await countAdam(),
};
(self as unknown as { postMessage(counts: Counts): void }).postMessage(counts);
