/**
 * The mel front end: what turns audio into a log-mel, and what a vocoder must be told to turn it back. Flat
 * hparams of every model that reads or writes log-mels.
 *
 * @module
 */
import { z } from "../deps/zod.ts";

/**
 * The fields, for the schemas of models. The log-mel is
 * `(log(max(filterbank * |STFT|^melPower, logFloor)) + logMelOffset) / logMelScale`.
 */
export const melConfigFields = {
  sampleRate: z.int().min(1000).max(768_000).default(22_050).describe("samples a second, in Hz"),
  nFft: z.int().min(16).max(65_536).default(1024)
    .describe("samples of one Fourier transform; an even number"),
  winLength: z.int().min(2).max(65_536).default(1024)
    .describe("samples under the Hann window; at most nFft, with zeros around it if less"),
  hopLength: z.int().min(1).max(65_536).default(256)
    .describe("samples between two frames; at most nFft"),
  nMels: z.int().min(1).max(4096).default(80).describe("mel bands of a frame"),
  fMin: z.number().min(0).max(384_000).default(0).describe("lower edge of the lowest band, in Hz"),
  fMax: z.number().positive().max(384_000).nullable().default(null)
    .describe("upper edge of the highest band, in Hz; null: half of sampleRate"),
  melScale: z.enum(["slaney", "htk"]).default("slaney")
    .describe("slaney: linear below 1 kHz, logarithmic above; htk: 2595 log10(1 + f / 700)"),
  melNorm: z.enum(["slaney", "none"]).default("slaney")
    .describe("slaney: each band has an area of 1 over Hz; none: a peak of 1"),
  melPower: z.int().min(1).max(2).default(1)
    .describe("1: bands add magnitudes; 2: powers"),
  logBase: z.enum(["10", "e"]).default("10").describe("base of the logarithm"),
  logFloor: z.number().positive().max(1).default(1e-5)
    .describe("smallest value that the logarithm sees"),
  framePadding: z.enum(["none", "centerReflect", "centerZero"]).default("none").describe(
    "none: frames are not centred, (nFft - hopLength) / 2 samples are mirrored at each end, so that " +
      "samples / hopLength frames come out; center...: frame i is centred on sample i * hopLength, beyond " +
      "the ends stands the mirror image or silence",
  ),
  logMelOffset: z.number().min(-1000).max(1000).default(0).describe("added to the logarithm"),
  logMelScale: z.number().positive().max(1000).default(1)
    .describe("divides the logarithm after logMelOffset was added"),
};

/** Values of {@linkcode melConfigFields}. */
export type MelConfig = z.infer<z.ZodObject<typeof melConfigFields>>;

/** The rules between the fields, for the `check` of a model's schema. */
export function checkMelConfig(context: z.core.ParsePayload<MelConfig>): void {
  const { sampleRate, nFft, winLength, hopLength, fMin } = context.value;
  const nyquist = sampleRate / 2;
  const fMax = context.value.fMax ?? nyquist;
  const refuse = (field: keyof MelConfig, message: string) => {
    const input = context.value[field];
    context.issues.push({ code: "custom", input, path: [field], message });
  };
  if (nFft % 2 !== 0) refuse("nFft", `must be even; take ${nFft + 1}`);
  if (winLength > nFft) refuse("winLength", `must be <= nFft (${nFft}); lower it or raise nFft`);
  if (hopLength > nFft) refuse("hopLength", `must be <= nFft (${nFft}); lower it or raise nFft`);
  if (fMax > nyquist) {
    refuse("fMax", `must be <= half of sampleRate (${nyquist}); lower it or set it to null`);
  }
  if (fMin >= fMax) refuse("fMin", `must be < fMax (${fMax}); lower it or raise fMax`);
}

/** Everything that can be set for the mel front end; the defaults are those of MelGAN. */
export const melConfigSchema = z.strictObject(melConfigFields).check(checkMelConfig);

/** The mel front ends of the original: MelGAN's (the default) and that of its VAE and VQ-VAE. */
export type MelPresetName = "upstream-melgan" | "upstream-vae";

/** The named mel front ends. */
export const melPresets: Readonly<Record<MelPresetName, Readonly<MelConfig>>> = {
  "upstream-melgan": melConfigSchema.parse({}),
  "upstream-vae": melConfigSchema.parse({
    sampleRate: 22_500,
    nMels: 256,
    fMax: 8000,
    framePadding: "centerZero",
    logBase: "e",
    logMelOffset: 5,
    logMelScale: 5,
  }),
};

const names = Object.keys(melConfigFields) as (keyof MelConfig)[];

/** The mel front end among the hparams of a model. */
export function melConfig(hparams: MelConfig): MelConfig {
  return Object.fromEntries(names.map((name) => [name, hparams[name]])) as MelConfig;
}

/** The upper edge of the highest band in Hz, where null means half of the sample rate. */
export function upperEdge({ fMax, sampleRate }: Pick<MelConfig, "fMax" | "sampleRate">): number {
  return fMax ?? sampleRate / 2;
}

/**
 * Says in which fields two front ends differ, for the error of a vocoder that is given another's log-mel.
 *
 * @returns For example `sampleRate 22500 against 22050, nMels 256 against 80`; "" if both give the same log-mel
 *
 * @example
 * ```ts
 * import { describeMelDifference, melPresets } from "./mel_config.ts";
 *
 * const melGan = melPresets["upstream-melgan"];
 * console.assert(describeMelDifference({ ...melGan, nMels: 40 }, melGan) === "nMels 40 against 80");
 * console.assert(describeMelDifference(melGan, { ...melGan, fMax: 11025 }) === "");
 * ```
 */
export function describeMelDifference(a: MelConfig, b: MelConfig): string {
  const [left, right] = [a, b].map((config) => ({ ...config, fMax: upperEdge(config) }));
  return names.filter((name) => left[name] !== right[name])
    .map((name) => `${name} ${left[name]} against ${right[name]}`).join(", ");
}
