/** TensorFlow.js, whole (tfjs-core alone registers no gradients), and the tensor types that signatures name. @module */
import * as tf from "npm:@tensorflow/tfjs@4.22.0";

export { tf };
/** A number on the device. */
export type Scalar = tf.Scalar;
/** An array of any rank on the device. */
export type Tensor = tf.Tensor;
/** A rank-1 array on the device. */
export type Tensor1D = tf.Tensor1D;
/** A rank-2 array on the device. */
export type Tensor2D = tf.Tensor2D;
/** A rank-3 array on the device. */
export type Tensor3D = tf.Tensor3D;
/** A rank-4 array on the device. */
export type Tensor4D = tf.Tensor4D;
/** A trainable array on the device. */
export type Variable = tf.Variable;
