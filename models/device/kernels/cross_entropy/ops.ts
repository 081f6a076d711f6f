/** Cross entropy as a composition of ops: the kernel of the cpu and the wasm backend. @module */
import { type Tensor, type Tensor1D, tf } from "../../../../deps/tf.ts";
import { registerKernelOfOps } from "../op_kernel.ts";

const oneHot = (labels: Tensor, classes: number): Tensor =>
  tf.cast(tf.oneHot(labels as Tensor1D, classes), "float32");

/** Registers `CrossEntropy` and `CrossEntropyGrad`. */
export function registerCrossEntropyOps(backendName: "cpu" | "wasm"): void {
  registerKernelOfOps("CrossEntropy", backendName, ({ logits, labels }) => {
    const logProbabilities = tf.logSoftmax(logits);
    const target = oneHot(labels, logits.shape[1]!);
    return [tf.neg(tf.sum(tf.mul(target, logProbabilities), 1)), logProbabilities];
  });
  registerKernelOfOps("CrossEntropyGrad", backendName, ({ dy, labels, logProbabilities }) => {
    const target = oneHot(labels, logProbabilities.shape[1]!);
    return tf.mul(tf.sub(tf.exp(logProbabilities), target), tf.expandDims(dy, 1));
  });
}
