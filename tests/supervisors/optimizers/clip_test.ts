import { tf } from "../../../deps/tf.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { clipFactor } from "../../../supervisors/optimizers/clip.ts";
import { assert } from "../../support/assert.ts";

await openBackend();

Deno.test("clipFactor brings a norm down to the limit and leaves a small one alone", async () => {
  const cases = [[5, 1, 0.2], [5, 6, 1], [5, 0, 1], [0, 1, 1]] as const;
  for (const [norm, limit, expected] of cases) {
    const [factor] = await clipFactor(tf.scalar(norm), limit).data();
    assert(Math.abs(factor! - expected) < 1e-6, `norm ${norm}, limit ${limit}: ${factor}`);
  }
});
