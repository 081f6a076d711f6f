import { deepStrictEqual as deepEqual, match, strictEqual } from "node:assert/strict";
import { fieldsOf } from "../../hparams/fields.ts";
import {
  discriminatorWidths,
  leastFrames,
  leastSamples,
  type MelGanHParams,
  melGanSchema,
} from "../../hparams/mel_gan.ts";

/** Fields and messages of what is wrong with hparams. */
function problems(given: Partial<MelGanHParams>): [string, string][] {
  const { error } = melGanSchema.safeParse(given);
  return error?.issues.map(({ path, message }) => [path.join("."), message]) ?? [];
}

Deno.test("melGanSchema has the original's networks by default", () => {
  const hparams = melGanSchema.parse({});
  deepEqual([hparams.seqLen, hparams.lambdaFeat], [8192, 10]);
  deepEqual([hparams.ngf, hparams.nResidualLayers, hparams.nMels], [32, 3, 80]);
  deepEqual([hparams.ndf, hparams.nLayersD, hparams.downsampFactor, hparams.numD], [16, 4, 4, 3]);
  strictEqual(hparams.periodDiscriminator, false);
});

Deno.test("melGanSchema describes every field", () => {
  for (const { name, description } of fieldsOf(melGanSchema)) {
    strictEqual(description.length > 5, true, name);
  }
});

Deno.test("melGanSchema refuses what no network can be made of, and says why", () => {
  const cases: [Partial<MelGanHParams>, string, RegExp][] = [
    [{ generatorRatios: [8, 8, 2] }, "generatorRatios", /product 128.*hopLength \(256\)/],
    [{ generatorRatios: [64, 4, 1] }, "generatorRatios.2", />=2/],
    [{ ndf: 10 }, "ndf", /multiple of 4.*take 12/],
    [{ maxWidthD: 1022 }, "maxWidthD", /multiple of 4.*take 1024/],
    [{ ndf: 12 }, "maxWidthD", /12,48,192,768,1024/],
    [{ seqLen: 8000 }, "seqLen", /hopLength \(256\); take 8192/],
    [{ seqLen: 256 }, "seqLen", /at least 1024/],
    [{ framePadding: "centerZero" }, "framePadding", /none/],
    [{ hopLength: 225, generatorRatios: [15, 15], seqLen: 2250 }, "hopLength", /even/],
    [{ fMax: 12_000 }, "fMax", /half of sampleRate/],
    [
      { melLossWeight: 0, stftLossWeight: 0 },
      "discriminatorWarmup",
      /melLossWeight or stftLossWeight/,
    ],
    [{ minLearningRate: 1 }, "minLearningRate", /learningRate/],
  ];
  for (const [given, field, message] of cases) {
    const found = problems(given);
    deepEqual(found.map(([path]) => path), [field], JSON.stringify(given));
    match(found[0]![1], message);
  }
});

Deno.test("discriminatorWidths() grow by the stride up to the cap, and double once", () => {
  deepEqual(discriminatorWidths(melGanSchema.parse({})), [16, 64, 256, 1024, 1024, 1024]);
  const small = melGanSchema.parse({ ndf: 4, nLayersD: 2 });
  deepEqual(discriminatorWidths(small), [4, 16, 64, 128]);
});

Deno.test("leastFrames() and leastSamples() leave every reflection whole", () => {
  const of = (given: Partial<MelGanHParams>) => leastFrames(melGanSchema.parse(given));
  strictEqual(of({}), 4);
  // a dilation of 81 on the 2 samples of a frame takes 41 frames
  const generatorRatios = [2, 8, 8, 2];
  strictEqual(of({ generatorRatios, nResidualLayers: 5, seqLen: 41 * 256 }), 41);
  match(problems({ generatorRatios, nResidualLayers: 5 })[0]![1], /at least 10496/);
  strictEqual(leastSamples(melGanSchema.parse({})), 32);
});
