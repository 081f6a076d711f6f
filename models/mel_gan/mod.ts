/** MelGan: a vocoder, its networks and its losses. @module */
export { type FeatureMaps, MelGanDiscriminator } from "./discriminator.ts";
export { MelGanGenerator } from "./generator.ts";
export { MelGanNetworks } from "./networks.ts";
export { balanced, discriminatorHinge, featureMatching, generatorHinge } from "./losses.ts";
export { PeriodDiscriminator } from "./period_discriminator.ts";
export {
  type LogMelFrames,
  type LogMelPieces,
  MelGan,
  type VocodeChunksOptions,
  type VocodeOptions,
} from "./mel_gan.ts";
