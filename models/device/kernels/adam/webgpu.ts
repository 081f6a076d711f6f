/** Adam's step on WebGPU, as a composition of ops. @module */
import { tf } from "../../../../deps/tf.ts";
import { registerKernelOfOps } from "../op_kernel.ts";
import { adamFactors, type AdamSettings } from "./factors.ts";

/** Registers `AdamUpdate`. */
export function registerAdamWebgpu(): void {
  registerKernelOfOps("AdamUpdate", "webgpu", ({ param, gradient, m, v }, attributes) => {
    const factors = adamFactors(attributes as unknown as AdamSettings);
    const { beta1, beta2, epsilon, stepSize, rootCorrection } = factors;
    const nextM = tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1));
    const nextV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const root = tf.add(tf.div(tf.sqrt(nextV), rootCorrection), epsilon);
    return [tf.sub(param, tf.div(tf.mul(nextM, stepSize), root)), nextM, nextV];
  });
}
