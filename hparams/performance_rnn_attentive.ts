/** Hparams of PerformanceRnnAttentive: those of PerformanceRnn, and its attention. @module */
import { z } from "../deps/zod.ts";
import { checkCodec } from "./codec.ts";
import { performanceRnnFields } from "./performance_rnn.ts";
import { checkTraining } from "./training.ts";

/** Everything that can be set for PerformanceRnnAttentive. */
export const performanceRnnAttentiveSchema = performanceRnnFields.extend({
  attentionWindow: z.int().min(1).max(4096).default(128)
    .describe(
      "inputs attended to, the current one included; 1 is the original, which never attends",
    ),
  attentionHeads: z.int().min(1).max(64).default(8)
    .describe("heads of the attention; a divisor of hiddenDim"),
  attentionBias: z.enum(["linear", "none"]).default("linear")
    .describe("whether a score falls with distance, by a slope for each head"),
  attentionDropout: z.number().min(0).lt(1).default(0.1)
    .describe("share of the attention's output dropped in training"),
}).check(checkTraining, checkCodec, ({ value, issues }) => {
  const { hiddenDim, attentionHeads } = value;
  if (hiddenDim % attentionHeads === 0) return;
  issues.push({
    code: "custom",
    input: attentionHeads,
    path: ["attentionHeads"],
    message: `must divide hiddenDim (${hiddenDim}); change one of them`,
  });
});

/** Values of {@linkcode performanceRnnAttentiveSchema}. */
export type PerformanceRnnAttentiveHParams = z.infer<typeof performanceRnnAttentiveSchema>;
