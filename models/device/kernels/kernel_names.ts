/** Names of kernels: what is ours where, and what a backend must have before anything runs on it. @module */
import { tf } from "../../../deps/tf.ts";

/** The operations of our own: every backend has them all. */
export const ownOperations: readonly string[] = [
  "AdamUpdate",
  "BatchNorm",
  "BatchNormGrad",
  "Convolution",
  "ConvolutionFilterGrad",
  "ConvolutionInputGrad",
  "CrossEntropy",
  "CrossEntropyGrad",
  "GlobalNorm",
  "GruDecode",
  "GruSequence",
  "GruSequenceGrad",
  "LayerNorm",
  "LayerNormGrad",
  "LeakyReluGrad",
  "MirrorPadGrad",
  "PixelNorm",
  "PixelNormGrad",
  "SeededDropout",
  "WeightNorm",
  "WeightNormGrad",
];

/** The kernels of TensorFlow.js that are ours as well, by its name of the backend. */
export const replacedKernels: Readonly<Record<"cpu" | "wasm" | "webgpu", readonly string[]>> = {
  cpu: [
    "AvgPool",
    "AvgPoolGrad",
    "BatchMatMul",
    "ResizeNearestNeighbor",
    "ResizeNearestNeighborGrad",
    "StridedSlice",
    "_FusedMatMul",
  ],
  wasm: [
    "Add",
    "AvgPool",
    "AvgPoolGrad",
    "BatchMatMul",
    "Cast",
    "ClipByValue",
    "Conv2D",
    "Conv2DBackpropFilter",
    "Conv2DBackpropInput",
    "DepthwiseConv2dNativeBackpropFilter",
    "DepthwiseConv2dNativeBackpropInput",
    "Equal",
    "Exp",
    "Fill",
    "FusedConv2D",
    "FusedDepthwiseConv2D",
    "GatherV2",
    "Greater",
    "GreaterEqual",
    "Identity",
    "LeakyRelu",
    "Less",
    "LessEqual",
    "Log",
    "MaxPool",
    "Maximum",
    "Minimum",
    "MirrorPad",
    "NotEqual",
    "ResizeNearestNeighbor",
    "ResizeNearestNeighborGrad",
    "Reverse",
    "Slice",
    "Softplus",
    "SparseToDense",
    "SplitV",
    "StridedSlice",
    "Sum",
    "Tanh",
    "Tile",
    "Transpose",
    "Unpack",
    "UnsortedSegmentSum",
    "_FusedMatMul",
  ],
  webgpu: [
    "AddN",
    "AvgPool",
    "AvgPoolGrad",
    "BatchMatMul",
    "Conv2D",
    "Conv2DBackpropFilter",
    "Conv2DBackpropInput",
    "FusedConv2D",
    "GatherV2",
    "LeakyRelu",
    "ResizeNearestNeighbor",
    "ResizeNearestNeighborGrad",
    "StridedSlice",
    "Sum",
    "UnsortedSegmentSum",
    "_FusedMatMul",
  ],
};

/** The kernels of TensorFlow.js that models, supervisors and the gradients of both run. */
export const usedKernels: readonly string[] = [
  "Abs",
  "Add",
  "AddN",
  "ArgMax",
  "AvgPool",
  "AvgPoolGrad",
  "BatchMatMul",
  "Cast",
  "Concat",
  "Fill",
  "GatherV2",
  "GreaterEqual",
  "Identity",
  "LeakyRelu",
  "Log",
  "Maximum",
  "Mean",
  "Minimum",
  "MirrorPad",
  "Multiply",
  "Neg",
  "Pack",
  "PadV2",
  "RealDiv",
  "Relu",
  "Reshape",
  "Slice",
  "Softmax",
  "SplitV",
  "Sqrt",
  "Square",
  "Step",
  "Sub",
  "Sum",
  "Tanh",
  "Tile",
  "Transpose",
  "Unpack",
  "UnsortedSegmentSum",
];

/**
 * Makes sure that a backend has all kernels that are needed, so that a run does not end in its middle.
 *
 * @param backendName TensorFlow.js's name of it
 * @throws {Error} If one is missing
 */
export function checkKernels(backendName: string): void {
  const missing = [...ownOperations, ...usedKernels].filter((name) =>
    !tf.getKernel(name, backendName)
  );
  if (missing.length === 0) return;
  throw new Error(
    `Cannot open the ${backendName} backend: it has no kernel for ${missing.join(", ")}; ` +
      "choose another backend and report this",
  );
}
