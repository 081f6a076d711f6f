import { trainingSchema } from "../../../hparams/training.ts";
import { learningRateAt } from "../../../supervisors/optimizers/schedule.ts";
import { assert } from "../../support/assert.ts";

const hparams = trainingSchema.parse({
  learningRate: 0.1,
  minLearningRate: 0.001,
  warmupSteps: 10,
  totalSteps: 110,
  decayRate: 0.5,
});

function assertRate(step: number, schedule: typeof hparams.schedule, expected: number): void {
  const rate = learningRateAt(step, { ...hparams, schedule });
  assert(
    Math.abs(rate - expected) < 1e-12,
    `${schedule} at ${step}: ${rate}, expected ${expected}`,
  );
}

Deno.test("learningRateAt rises linearly in the warm-up, whatever follows", () => {
  for (const schedule of ["constant", "cosine", "exponential", "inverseSqrt"] as const) {
    assertRate(1, schedule, 0.01);
    assertRate(10, schedule, 0.1);
  }
});

Deno.test("learningRateAt falls as the schedule says, down to the floor", () => {
  assertRate(1000, "constant", 0.1);
  assertRate(60, "cosine", 0.001 + 0.099 / 2);
  assertRate(110, "cosine", 0.001);
  assertRate(11, "exponential", 0.1);
  assertRate(13, "exponential", 0.025);
  assertRate(60, "exponential", 0.001);
  assertRate(11, "inverseSqrt", 0.1);
  assertRate(41, "inverseSqrt", 0.05);
});
