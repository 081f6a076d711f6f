/** Failures of tfjs-core's specs that are accepted, and why. @module */
import type { AcceptedGroup } from "./verdict.ts";

/** By reason. None is of a kernel of ours, but where the spec is wrong, and for an index that a GPU cannot refuse. */
export const accepted: readonly AcceptedGroup[] = [
  {
    reason: "the wasm backend of TensorFlow.js has no such kernel, and nothing of ours needs one",
    backends: ["wasm"],
    kernels: [
      "Complex",
      "Einsum",
      "RaggedGather",
      "RaggedRange",
      "RaggedTensorToTensor",
      "StaticRegexReplace",
    ],
  },
  {
    reason: "the stock Bincount counts the rows of a matrix apart; nothing of ours counts",
    backends: ["wasm"],
    specs: {
      "ops/image/threshold_test": [
        "threshold method otsu",
        "threshold method otsu, inverted = true",
      ],
    },
  },
  {
    reason:
      "the spec pins the stock gradient, which leaves out what is mirrored; ours is the derivative",
    backends: ["cpu", "wasm", "webgpu"],
    specs: { "ops/mirror_pad_test": ["mirrorPad grad", "mirrorPad gradient with clones"] },
  },
  {
    reason: "the spec pins the stock gradient, which divides by the whole window at the edges, " +
      "where the mean is of fewer; ours is the derivative",
    backends: ["cpu", "wasm", "webgpu"],
    specs: { "ops/avg_pool_test": ["avgPool gradient x=[3,3,1] f=[3,3] s=1 p=explicit"] },
  },
  {
    reason: "a kernel on the GPU cannot throw, and reading the indices back would stall it",
    backends: ["webgpu"],
    specs: {
      "ops/gather_test": ["gather throws when index is out of bound"],
    },
  },
];
