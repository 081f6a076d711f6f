/** Hparams of MelGan: the mel front end, both networks and their training. @module */
import { z } from "../deps/zod.ts";
import { checkMelConfig, melConfigFields } from "./mel_config.ts";
import { checkTraining, trainingSchema } from "./training.ts";

/** What the networks of MelGan are made of. */
export const melGanNetworkFields = {
  ngf: z.int().min(1).max(1024).default(32)
    .describe("channels of the generator at full rate; twice as many for each ratio before"),
  generatorRatios: z.array(z.int().min(2).max(64)).min(1).max(8).default([8, 8, 2, 2])
    .describe("factors of the generator's upsampling; their product is hopLength"),
  nResidualLayers: z.int().min(1).max(8).default(3)
    .describe("residual blocks after each upsampling, with dilations 1, 3, 9, ..."),
  ndf: z.int().min(4).max(1024).default(16)
    .describe("channels of a discriminator's first layer; a multiple of 4"),
  nLayersD: z.int().min(1).max(8).default(4).describe("strided layers of a discriminator"),
  downsampFactor: z.int().min(1).max(16).default(4).describe("stride of each of them"),
  maxWidthD: z.int().min(4).max(8192).default(1024).describe("most channels of a discriminator"),
  numD: z.int().min(1).max(8).default(3)
    .describe("discriminators, each at half the rate of the one before"),
  periodDiscriminator: z.boolean().default(false)
    .describe("whether HiFi-GAN's discriminators of periods judge as well"),
  periods: z.array(z.int().min(1).max(1024)).min(1).max(16).default([2, 3, 5, 7, 11])
    .describe("samples between those that each of them looks at together"),
  periodNdf: z.int().min(1).max(256).default(32)
    .describe("channels of their first layer; 4, 16, 32 and 32 times as many behind the next"),
  filterInit: z.enum(["he", "normal", "uniform"]).default("he").describe(
    "how filters start; he: so that signals keep their variance; normal: deviation 0.02, as the original means " +
      "it; uniform: within 1 / sqrt(inputs), as the original has it, whose weight norm undoes the other",
  ),
};

/** Everything that can be set for MelGan. */
export const melGanSchema = trainingSchema.extend({
  ...melConfigFields,
  ...melGanNetworkFields,
  learningRate: z.number().positive().max(10).default(5e-4).describe("peak step size of Adam"),
  adamBeta1: z.number().min(0).lt(1).default(0.8).describe("decay of Adam's mean"),
  adamBeta2: z.number().min(0).lt(1).default(0.99).describe("decay of Adam's squared mean"),
  gradientClip: z.number().min(0).default(1)
    .describe("largest norm of each network's gradient; 0 turns clipping off"),
  seqLen: z.int().min(1).max(10_000_000).default(8192)
    .describe("samples of a training crop; a multiple of hopLength"),
  minGain: z.number().positive().max(1).default(0.3)
    .describe("lowest amplitude that a training crop is multiplied by; the highest is 1"),
  lambdaFeat: z.number().min(0).max(1e6).default(10).describe("weight of feature matching"),
  upstreamRealFeatures: z.boolean().default(false)
    .describe("whether features of real audio are those from before the discriminators' step"),
  melLossWeight: z.number().min(0).max(1e6).default(1)
    .describe("weight of the distance between log-mels in the generator's loss; 0 turns it off"),
  stftLossWeight: z.number().min(0).max(1e6).default(1)
    .describe(
      "weight of both parts of the multi-resolution STFT loss of the generator, spectral convergence and the distance " +
        "of logarithms; 0 turns it off",
    ),
  balanceLosses: z.boolean().default(true).describe(
    "whether each loss moves each crop of generated audio by its weight alone, that of each kind of discriminators by 1, " +
      "however steep it is there",
  ),
  discriminatorWarmup: z.int().min(0).default(1000)
    .describe("steps in which the generator learns without discriminators"),
  emaDecay: z.number().min(0).lt(1).default(0.995)
    .describe("decay of the generator's running mean, which is what vocodes; 0 turns it off"),
}).check(checkTraining, checkMelConfig, checkMelGan);

/** Values of {@linkcode melGanSchema}. */
export type MelGanHParams = z.infer<typeof melGanSchema>;

/** Those of the generator. */
export type MelGanGeneratorHParams = Pick<
  MelGanHParams,
  | "nMels"
  | "logBase"
  | "logFloor"
  | "logMelOffset"
  | "logMelScale"
  | "ngf"
  | "generatorRatios"
  | "nResidualLayers"
  | "filterInit"
>;

/** Those of the discriminators. */
export type MelGanDiscriminatorHParams = Pick<
  MelGanHParams,
  "ndf" | "nLayersD" | "downsampFactor" | "maxWidthD" | "numD" | "filterInit"
>;

/** Those of the discriminators of periods. */
export type PeriodDiscriminatorHParams = Pick<MelGanHParams, "periods" | "periodNdf">;

/** Channels behind each layer of a discriminator but the last, whose one channel is its judgement. */
export function discriminatorWidths(
  { ndf, nLayersD, downsampFactor, maxWidthD }: MelGanDiscriminatorHParams,
): number[] {
  const widths = [ndf];
  for (let layer = 0; layer < nLayersD; layer++) {
    widths.push(Math.min(widths.at(-1)! * downsampFactor, maxWidthD));
  }
  return [...widths, Math.min(2 * widths.at(-1)!, maxWidthD)];
}

/** Fewest frames that the generator's reflections leave whole: more than 3, and more samples than its widest dilation. */
export function leastFrames(
  { generatorRatios, nResidualLayers }: MelGanGeneratorHParams,
): number {
  const widest = 3 ** (nResidualLayers - 1);
  return Math.max(4, Math.floor(widest / generatorRatios[0]!) + 1);
}

/** Fewest samples that every discriminator's reflection of 7 leaves whole. */
export function leastSamples({ numD }: MelGanDiscriminatorHParams): number {
  return 8 * 2 ** (numD - 1);
}

/** The rules between the hparams of MelGan. */
function checkMelGan(context: z.core.ParsePayload<MelGanHParams>): void {
  const h = context.value, { hopLength, generatorRatios, seqLen } = h;
  const refuse = (field: keyof MelGanHParams, message: string) => {
    context.issues.push({ code: "custom", input: h[field], path: [field], message });
  };
  const product = generatorRatios.reduce((a, b) => a * b, 1);
  if (product !== hopLength) {
    refuse(
      "generatorRatios",
      `has the product ${product}, must have hopLength (${hopLength}); change one of them`,
    );
  }
  if (h.framePadding !== "none") {
    refuse("framePadding", "must be none, which gives samples / hopLength frames; leave it out");
  } else if ((h.nFft - hopLength) % 2 !== 0) {
    refuse("hopLength", `must be even as nFft (${h.nFft}) is, so that both ends are padded alike`);
  }
  for (const field of ["ndf", "maxWidthD"] as const) {
    if (h[field] % 4 === 0) continue;
    refuse(field, `must be a multiple of 4, as groups are; take ${4 * Math.ceil(h[field] / 4)}`);
    return;
  }
  const widths = discriminatorWidths(h).slice(0, -1);
  if (!widths.slice(1).every((width, i) => width % (widths[i]! / 4) === 0)) {
    refuse(
      "maxWidthD",
      `must be a multiple of a quarter of each width (${widths}); change ndf or it`,
    );
  }
  if (h.discriminatorWarmup > 0 && h.melLossWeight === 0 && h.stftLossWeight === 0) {
    refuse("discriminatorWarmup", "needs a loss of its own: set melLossWeight or stftLossWeight");
  }
  if (seqLen % hopLength !== 0) {
    refuse(
      "seqLen",
      `must be a multiple of hopLength (${hopLength}); take ${
        hopLength * Math.ceil(seqLen / hopLength)
      }`,
    );
  }
  const least = Math.max(leastFrames(h) * hopLength, leastSamples(h), (h.nFft - hopLength) / 2 + 1);
  if (seqLen < least) refuse("seqLen", `must be at least ${least} for these networks; raise it`);
}
