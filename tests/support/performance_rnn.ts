/** A small PerformanceRnn for tests. */
import { type PerformanceRnnHParams, performanceRnnSchema } from "../../hparams/performance_rnn.ts";
import { PerformanceRnn } from "../../models/performance_rnn.ts";

/** Hparams of a network of a few thousand parameters over the real vocabulary. */
export function smallHParams(set: Partial<PerformanceRnnHParams> = {}): PerformanceRnnHParams {
  return performanceRnnSchema.parse({
    initDim: 4,
    hiddenDim: 12,
    gruLayers: 2,
    gruDropout: 0.2,
    windowSize: 16,
    batchSize: 3,
    ...set,
  });
}

/** A network with drawn weights. */
export function smallModel(set: Partial<PerformanceRnnHParams> = {}): PerformanceRnn {
  return new PerformanceRnn(smallHParams(set)).initialize(5);
}
