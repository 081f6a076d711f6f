/** What every training run can be told, whatever it trains. @module */
import { z } from "../deps/zod.ts";

const count = () => z.int().min(0);
const positiveCount = () => z.int().min(1);

/** The hparams of the one training loop; each model's schema extends it. */
export const trainingSchema = z.strictObject({
  seed: z.int().min(0).max(0xffffffff).default(0)
    .describe("key of all randomness; the same seed gives the same run"),
  totalSteps: positiveCount().default(10_000).describe("optimizer steps of the whole run"),
  batchSize: positiveCount().default(64).describe("items per step"),
  accumulationSteps: positiveCount().default(1)
    .describe("batches whose gradients are averaged before one update"),
  learningRate: z.number().positive().max(10).default(1e-3).describe("peak step size of Adam"),
  adamBeta1: z.number().min(0).lt(1).default(0.9).describe("decay of Adam's mean"),
  adamBeta2: z.number().min(0).lt(1).default(0.999).describe("decay of Adam's squared mean"),
  adamEpsilon: z.number().positive().max(1).default(1e-8).describe("added to Adam's denominator"),
  weightDecay: z.number().min(0).max(1).default(0)
    .describe("share of each parameter that a step takes away, times the learning rate (AdamW)"),
  gradientClip: z.number().min(0).default(1)
    .describe("largest norm of the whole gradient; 0 turns clipping off"),
  schedule: z.enum(["constant", "cosine", "exponential", "inverseSqrt"]).default("constant")
    .describe("how the learning rate falls after the warm-up"),
  warmupSteps: count().default(0).describe("steps over which the learning rate rises from 0"),
  decayRate: z.number().positive().max(1).default(0.9999)
    .describe("factor per step of the exponential schedule"),
  minLearningRate: z.number().min(0).default(0)
    .describe("floor of the schedule; at most learningRate"),
  stepsPerLog: positiveCount().default(10).describe("steps between lines on the console"),
  stepsPerRead: positiveCount().default(1)
    .describe("steps between reads of the loss from the device; more is faster on a GPU"),
  stepsPerCheckpoint: positiveCount().default(500).describe("steps between checkpoints"),
  stepsPerValidation: positiveCount().default(250).describe("steps between validations"),
  stepsPerSample: positiveCount().default(1000).describe("steps between generated samples"),
  keepCheckpoints: positiveCount().default(3)
    .describe("newest checkpoints kept beside the best one"),
  validationBatches: count().default(0).describe("batches of a validation; 0 takes all of them"),
});

/** Values of {@linkcode trainingSchema}. */
export type TrainingHParams = z.infer<typeof trainingSchema>;

/** The rules between training hparams, for the `check` of a model's schema. */
export function checkTraining(context: z.core.ParsePayload<TrainingHParams>): void {
  const { learningRate, minLearningRate } = context.value;
  if (minLearningRate > learningRate) {
    context.issues.push({
      code: "custom",
      input: minLearningRate,
      path: ["minLearningRate"],
      message: `must be <= learningRate (${learningRate}); lower it or raise learningRate`,
    });
  }
}
