/** `tf.tidy` for results of any shape. @module */
import { tf } from "../../deps/tf.ts";

/** Runs `body` and frees the tensors that it made, but for those that its result holds, in objects and lists too. */
export function tidy<T>(body: () => T): T {
  return tf.tidy(body as () => tf.TensorContainer) as T;
}
