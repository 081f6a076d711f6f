/** The models that can be named, and the schema of each. @module */
import type { z } from "../deps/zod.ts";
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
}

/** The name of a model: its file stem and its name on the command line. */
export type ModelId = keyof HParamsOf;

const schemas: { readonly [M in ModelId]: z.ZodType<HParamsOf[M]> & z.ZodObject } = {
  performance_rnn: performanceRnnSchema,
  performance_rnn_attentive: performanceRnnAttentiveSchema,
};

/** All models, in the order in which help lists them. */
export const modelIds: readonly ModelId[] = Object.keys(schemas) as ModelId[];

/** The schema of a model: strict, so that a misspelled hparam is an error. */
export function schemaOf<M extends ModelId>(
  model: M,
): z.ZodType<HParamsOf[M]> & z.ZodObject {
  return schemas[model];
}
