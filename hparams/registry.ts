/** The models that can be named, and the schema of each. @module */
import type { z } from "../deps/zod.ts";
import { type MelGanHParams, melGanSchema } from "./mel_gan.ts";
import { type PerformanceRnnHParams, performanceRnnSchema } from "./performance_rnn.ts";
import {
  type PerformanceRnnAttentiveHParams,
  performanceRnnAttentiveSchema,
} from "./performance_rnn_attentive.ts";

/** The hparams of every model, by its ModelId. */
export interface HParamsOf {
  /** Hparams of PerformanceRnn. */
  performance_rnn: PerformanceRnnHParams;
  /** Hparams of PerformanceRnnAttentive. */
  performance_rnn_attentive: PerformanceRnnAttentiveHParams;
  /** Hparams of MelGan. */
  mel_gan: MelGanHParams;
}

/** The name of a model: its file stem and its name on the command line. */
export type ModelId = keyof HParamsOf;

/** The name of a model that composes piano events. */
export type EventModelId = "performance_rnn" | "performance_rnn_attentive";

/** The name of a model that makes audio of log-mels. */
export type VocoderId = "mel_gan";

const schemas: { readonly [M in ModelId]: z.ZodType<HParamsOf[M]> & z.ZodObject } = {
  performance_rnn: performanceRnnSchema,
  performance_rnn_attentive: performanceRnnAttentiveSchema,
  mel_gan: melGanSchema,
};

/** All models, in the order in which help lists them. */
export const modelIds: readonly ModelId[] = Object.keys(schemas) as ModelId[];

/** Those that make audio of log-mels. */
export const vocoderIds: readonly VocoderId[] = ["mel_gan"];

/** Those that compose piano events. */
export const eventModelIds: readonly EventModelId[] = [
  "performance_rnn",
  "performance_rnn_attentive",
];

/** The schema of a model: strict, so that a misspelled hparam is an error. */
export function schemaOf<M extends ModelId>(
  model: M,
): z.ZodType<HParamsOf[M]> & z.ZodObject {
  return schemas[model];
}
