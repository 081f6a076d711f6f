import { melGanSchema } from "../../../hparams/mel_gan.ts";
import { melGanWork } from "../../../models/mel_gan/work.ts";
import { MelGanNetworks } from "../../../models/mel_gan/mod.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const plain = melGanSchema.parse({});

Deno.test("melGanWork() counts a product for each weight and each place where it is used", () => {
  const { operations } = melGanWork(plain);
  const shapes = new MelGanNetworks(plain).generator.stateDictShapes();
  const weights = [...shapes].filter(([key]) => key.endsWith("weight_v"));
  const uses = (key: string): number => { // places in a frame; an upsampling's tap is used once for each input
    const index = Number(key.split(".")[1]);
    return [[3, 1], [8, 8], [13, 64], [18, 128], [24, 256]]
      .find(([end]) => index <= end!)![1]!;
  };
  const expected = weights.reduce(
    (sum, [key, shape]) => sum + uses(key) * shape.reduce((a, b) => a * b, 1),
    0,
  );
  assertEquals(operations, 2 * expected);
});

Deno.test("melGanWork() of a step grows with the crop and with those that judge", () => {
  const of = (given: Record<string, unknown>) => melGanWork({ ...plain, ...given });
  const [one, two] = [of({}), of({ seqLen: 16384 })];
  assertEquals(two.trainingOperations, 2 * one.trainingOperations);
  assertEquals(two.trainingBytes, 2 * one.trainingBytes);
  const more = of({ periodDiscriminator: true });
  assert(more.trainingOperations > 2 * one.trainingOperations, String(more.trainingOperations));
  assert(more.trainingBytes > one.trainingBytes);
});
