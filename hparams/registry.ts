/** The models that can be named, and the schema of each. @module */
import type { z } from "../deps/zod.ts";
import { type PerformanceRnnHParams, performanceRnnSchema } from "./performance_rnn.ts";

/** The hparams of every model, by its ModelId. */
export interface HParamsOf {
  /** Hparams of PerformanceRnn. */
  performance_rnn: PerformanceRnnHParams;
}

/** The name of a model: its file stem and its name on the command line. */
export type ModelId = keyof HParamsOf;

const schemas: { readonly [M in ModelId]: z.ZodType<HParamsOf[M]> & z.ZodObject } = {
  performance_rnn: performanceRnnSchema,
};

/** All models, in the order in which help lists them. */
export const modelIds: readonly ModelId[] = Object.keys(schemas) as ModelId[];

/** The schema of a model: strict, so that a misspelled hparam is an error. */
export function schemaOf<M extends ModelId>(
  model: M,
): z.ZodType<HParamsOf[M]> & z.ZodObject {
  return schemas[model];
}
