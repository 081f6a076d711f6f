/** The learning rate over time. @module */
import type { TrainingHParams } from "../../hparams/training.ts";

/** The hparams that shape the learning rate. */
export type ScheduleHParams = Pick<
  TrainingHParams,
  "learningRate" | "minLearningRate" | "schedule" | "warmupSteps" | "decayRate" | "totalSteps"
>;

/**
 * The learning rate of a step.
 *
 * Rises linearly over `warmupSteps`, then: constant; half a cosine down to the floor at `totalSteps`
 * (Loshchilov & Hutter 2017, arXiv:1608.03983); a factor `decayRate` a step; or with the inverse square
 * root of the step (Vaswani et al. 2017, arXiv:1706.03762, eq. 3). Never below `minLearningRate`.
 *
 * @param step The step's number, from 1
 */
export function learningRateAt(step: number, hparams: ScheduleHParams): number {
  const { learningRate, minLearningRate, warmupSteps } = hparams;
  if (step <= warmupSteps) return learningRate * step / warmupSteps;
  const scheduled = learningRate * decay(step - warmupSteps, hparams);
  return Math.max(minLearningRate, scheduled);
}

function decay(
  step: number,
  { schedule, warmupSteps, decayRate, totalSteps, learningRate, minLearningRate }: ScheduleHParams,
): number {
  switch (schedule) {
    case "constant":
      return 1;
    case "cosine": {
      const floor = minLearningRate / learningRate;
      const done = Math.min(1, step / Math.max(1, totalSteps - warmupSteps));
      return floor + (1 - floor) * (1 + Math.cos(Math.PI * done)) / 2;
    }
    case "exponential":
      return decayRate ** (step - 1);
    case "inverseSqrt": {
      const start = Math.max(1, warmupSteps);
      return Math.sqrt(start / (start + step - 1));
    }
  }
}
