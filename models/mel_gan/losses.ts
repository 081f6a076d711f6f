/** The adversarial losses of MelGAN. @module */
import { type Scalar, type Tensor2D, tf } from "../../deps/tf.ts";
import { l1, tidy } from "../nn/mod.ts";
import type { FeatureMaps } from "./discriminator.ts";

/** Keeps a gradient of zeros finite when it is given a length. */
const TINY = 1e-20;

/** The sum over discriminators of a mean over their last maps. */
function sumOfMeans(maps: readonly FeatureMaps[], mean: (judged: tf.Tensor) => tf.Tensor): Scalar {
  return tf.addN(maps.map((layers) => tf.mean(mean(layers.at(-1)!)))) as Scalar;
}

/** max(0, 1 - D(real)) + max(0, 1 + D(fake)), a sum of means over discriminators: Lim & Ye 2017, arXiv:1705.02894; eq. 1 of MelGAN. */
export function discriminatorHinge(
  real: readonly FeatureMaps[],
  fake: readonly FeatureMaps[],
): Scalar {
  return tidy(() => {
    const ofReal = sumOfMeans(real, (judged) => tf.relu(tf.sub(1, judged)));
    const ofFake = sumOfMeans(fake, (judged) => tf.relu(tf.add(1, judged)));
    return tf.add(ofReal, ofFake);
  });
}

/** -D(fake), a sum of means over discriminators; eq. 2 of MelGAN. */
export function generatorHinge(fake: readonly FeatureMaps[]): Scalar {
  return tidy(() => sumOfMeans(fake, tf.neg));
}

/**
 * The distance between the maps of real and generated audio: eq. 3 of MelGAN, each map but the last as a mean, divided by the
 * number of discriminators and by a quarter of their strided layers and the first together, as the authors weigh it.
 *
 * @param real What the discriminators made of real audio; nothing is learned through it
 */
export function featureMatching(
  real: readonly FeatureMaps[],
  fake: readonly FeatureMaps[],
): Scalar {
  return tidy(() => {
    const distances = fake.flatMap((layers, d) =>
      layers.slice(0, -1).map((map, i) => l1(map, real[d]![i]!))
    );
    const counted = fake[0]!.length - 2; // the first layer and the strided ones
    const weight = 4 / counted / fake.length;
    return tf.mul(tf.addN(distances), weight) as Scalar;
  });
}

/**
 * The same audio, but of what flows back to it each crop's gradient gets the length `length`, whatever it was: then no loss and no
 * crop outweighs the others, such as silence in logarithms. The loss balancer of Defossez et al. 2022, arXiv:2210.13438, section
 * 3.4, for each crop by itself.
 *
 * @param audio [batch, samples]
 * @param length Of the gradient of a crop; 0 stays 0
 */
export function balanced(audio: Tensor2D, length: number): Tensor2D {
  const op = tf.customGrad((x) => ({
    value: tf.clone(x as Tensor2D),
    gradFunc: (dy) => {
      const norm = tf.sqrt(tf.sum(tf.square(dy), 1, true));
      return tf.mul(tf.div(dy, tf.maximum(norm, TINY)), length);
    },
  }));
  return op(audio) as Tensor2D;
}
