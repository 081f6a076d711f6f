/** How fast a small convolutional VAE learns: the convolutions, the normalisation and the optimizer of the library together. @module */
import { type Scalar, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../deps/tf.ts";
import { RandomStream } from "../datatools/random.ts";
import { trainingSchema } from "../hparams/training.ts";
import { batchNorm, convolution, transposedConvolution } from "../models/device/mod.ts";
import {
  type Initializer,
  Linear,
  Module,
  type Parameter,
  uniform,
  zeros,
} from "../models/nn/mod.ts";
import type { BenchSettings, Figure } from "./figure.ts";
import { memoryFigures, timed } from "./measure.ts";
import { isSlow, measurePeaks, peakFigures, rateFigure } from "./ops/peaks.ts";
import { profileStep, trainer } from "./train_step.ts";

const batchSize = 8;
const side = 64;
/** Of the image and behind each convolution. */
const channels = [1, 32, 64, 128] as const;
const latentSize = 64;
const moves = { strides: 2, padding: 1 };
const figureName = `ConvVAE.train.batch${batchSize}`;

const ones: Initializer = (shape) => zeros(shape).fill(1);

/** A convolution of kernel 4 and stride 2, or a transposed one, then batch normalisation and ReLU. */
class Block extends Module {
  readonly #filter: Parameter;
  readonly #gamma: Parameter;
  readonly #beta: Parameter;

  constructor(inputs: number, outputs: number, readonly move: typeof convolution) {
    super();
    const shape = move === convolution ? [4, 4, inputs, outputs] : [4, 4, outputs, inputs];
    this.#filter = this.param("weight", shape, uniform(1 / Math.sqrt(16 * inputs)));
    this.#gamma = this.param("gamma", [outputs], ones);
    this.#beta = this.param("beta", [outputs], zeros);
  }

  forward(x: Tensor4D): Tensor4D {
    const [filter, gamma, beta] = [this.#filter, this.#gamma, this.#beta].map((p) => p.value);
    const moved = this.move(x, filter as Tensor4D, moves);
    return tf.relu(batchNorm(moved, gamma as Tensor1D, beta as Tensor1D).y);
  }
}

/** Three convolutions from 64 x 64 x 1 to 8 x 8 x 128, a latent of 64, and back; Kingma & Welling 2014, arXiv:1312.6114. */
class ConvVae extends Module {
  readonly #down: readonly Block[];
  readonly #up: readonly Block[];
  readonly #encode: Linear;
  readonly #decode: Linear;
  readonly #filter: Parameter;
  readonly #bias: Parameter;

  constructor() {
    super();
    const [image, ...widths] = channels, [first, second, third] = widths;
    const flat = third * (side / 8) ** 2;
    const block = (key: string, move: typeof convolution, from: number, to: number) =>
      this.child(key, new Block(from, to, move));
    this.#down = [
      block("down.0", convolution, image, first),
      block("down.1", convolution, first, second),
      block("down.2", convolution, second, third),
    ];
    this.#encode = this.child("encode", new Linear(flat, 2 * latentSize));
    this.#decode = this.child("decode", new Linear(latentSize, flat));
    this.#up = [
      block("up.0", transposedConvolution, third, second),
      block("up.1", transposedConvolution, second, first),
    ];
    this.#filter = this.param(
      "weight",
      [4, 4, image, first],
      uniform(1 / Math.sqrt(16 * first)),
    );
    this.#bias = this.param("bias", [image], zeros);
  }

  /** The squared error of each image and its KL divergence, both as means over the batch; `noise` is [batch, latent]. */
  loss(images: Tensor4D, noise: Tensor2D): Scalar {
    const code = this.#down.reduce((x, block) => block.forward(x), images), [batch] = images.shape;
    const encoded = this.#encode.forward(tf.reshape(code, [batch, -1]) as Tensor2D);
    const [mu, logVar] = tf.split(encoded, 2, 1) as [Tensor2D, Tensor2D];
    const z = tf.add<Tensor2D>(mu, tf.mul(tf.exp(tf.mul(logVar, 0.5)), noise)); // section 2.4
    const start = tf.reshape(this.#decode.forward(z), code.shape) as Tensor4D;
    const decoded = this.#up.reduce((x, block) => block.forward(x), tf.relu(start));
    const made = transposedConvolution(decoded, this.#filter.value as Tensor4D, {
      ...moves,
      bias: this.#bias.value as Tensor1D,
    });
    const error = tf.sum(tf.squaredDifference(tf.sigmoid(made), images));
    const divergence = tf.sum( // eq. 10
      tf.mul(-0.5, tf.sub(tf.add(1, logVar), tf.add(tf.square(mu), tf.exp(logVar)))),
    );
    return tf.div(tf.add(error, divergence), batch) as Scalar;
  }
}

/** Operations of a step: three times the products of the forward pass, since a gradient has two for each. */
function operationsOfStep(): number {
  const [image, first, second, third] = channels, taps = 16;
  const products = [
    (side / 2) ** 2 * taps * image * first,
    (side / 4) ** 2 * taps * first * second,
    (side / 8) ** 2 * taps * second * third,
  ];
  const moved = 2 * products.reduce((a, b) => a + b); // there and back
  const linear = 3 * latentSize * third * (side / 8) ** 2;
  return 3 * 2 * batchSize * (moved + linear);
}

/** Seconds of a training step on 8 images of 64 x 64, its operations and their rate. */
export async function* benchConvVae(
  { runs, backend, profile }: BenchSettings,
): AsyncGenerator<Figure> {
  const hparams = trainingSchema.parse({ gradientClip: 0 });
  const random = new RandomStream(1, "bench");
  using model = new ConvVae().initialize(1);
  const shape: [number, number, number, number] = [batchSize, side, side, channels[0]];
  const images = tf.tensor4d(random.uniform(0, batchSize * side * side), shape);
  const losses = ({ step }: { step: number }) => {
    const noise = random.normal(step, batchSize * latentSize);
    return { loss: model.loss(images, tf.tensor2d(noise, [batchSize, latentSize])) };
  };
  const step = trainer({ model, hparams, random, losses });
  const values = await timed(step, 2 * runs);
  yield { name: figureName, unit: "s/step", values };
  if (profile) yield* await profileStep(figureName, step);
  yield* memoryFigures();
  const work = operationsOfStep() / 1e9;
  yield { name: `${figureName}.work`, unit: "GFLOP/step", values: [work] };
  const peaks = await measurePeaks(isSlow(backend));
  yield* peakFigures(peaks);
  const rates = values.map((seconds) => work / seconds);
  yield rateFigure(peaks, `${figureName}.rate`, "GFLOPS", rates);
}
