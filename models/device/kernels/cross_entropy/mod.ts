/** Cross entropy of classes from logits. @module */
import { type Tensor, type Tensor1D, type Tensor2D, tf } from "../../../../deps/tf.ts";
import { checkFloats } from "../check_tensor.ts";
import { runKernel } from "../register.ts";

/**
 * Cross entropy of each row in nats, [rows]: log(sum(exp(logits))) - logits[label]. Differentiable once, in the logits. A
 * row whose label is none of the classes counts 0.
 *
 * @param logits [rows, classes] float32, unnormalised, of at least two classes
 * @param labels [rows] int32, each in 0..classes-1
 * @throws {TypeError} If a type or a shape differs
 *
 * @example
 * ```ts
 * import { tf } from "../../../../deps/tf.ts";
 * import { openBackend } from "../../mod.ts";
 * await openBackend("wasm");
 * const nats = softmaxCrossEntropy(tf.tensor2d([[2, 0, -1]]), tf.tensor1d([0], "int32"));
 * ```
 */
export function softmaxCrossEntropy(logits: Tensor2D, labels: Tensor1D): Tensor1D {
  checkFloats("softmaxCrossEntropy", { logits }, "[rows, classes]", ({ length }) => length === 2);
  if (labels.dtype !== "int32" || !tf.util.arraysEqual(labels.shape, [logits.shape[0]])) {
    throw new TypeError(
      `softmaxCrossEntropy: labels are ${labels.dtype} [${labels.shape}], expected int32 [${
        logits.shape[0]
      }]`,
    );
  }
  // A custom gradient, since a registered one would be handed a zero gradient as large as the log-probabilities.
  const op = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [Tensor2D, tf.GradSaveFunc];
    const [value, logProbabilities] = runKernel<Tensor[]>("CrossEntropy", { logits: x, labels });
    save([labels, logProbabilities]);
    const gradFunc = (dy: Tensor, [labels, logProbabilities]: Tensor[]): Tensor =>
      runKernel<Tensor>("CrossEntropyGrad", { dy, labels, logProbabilities });
    return { value, gradFunc };
  });
  return op(logits) as Tensor1D;
}
