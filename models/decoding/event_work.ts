/** What composing and learning cost a network over events: operations, of which a multiply-add is two, and bytes. @module */
import type { PerformanceRnnHParams } from "../../hparams/performance_rnn.ts";
import type { PerformanceRnnAttentiveHParams } from "../../hparams/performance_rnn_attentive.ts";

/** What an event costs at least. */
export interface EventWork {
  /** Operations to compose one event. */
  readonly operations: number;
  /** Operations to learn from one event: forward, and two products for each in the gradient. */
  readonly trainingOperations: number;
  /** Bytes of the weights that composing reads for each event, once for a whole batch. */
  readonly weightBytes: number;
  /** Bytes that a training step keeps of each event until the gradient and reads once more: gates, states, logits, inputs. */
  readonly keptBytes: number;
  /** Bytes that a training step holds of each event at its peak; counted on wasm, within a fifth. */
  readonly trainingBytes: number;
}

/** The work of one event in windows of `windowSize`; the attention of a network without one costs nothing. */
export function eventWork(
  hparams: PerformanceRnnHParams & Partial<PerformanceRnnAttentiveHParams>,
): EventWork {
  const { eventDim, controlDim, hiddenDim, gruLayers, windowSize } = hparams;
  const { attentionWindow = 0, attentionHeads = 0 } = hparams;
  const attends = attentionWindow > 1;
  const projections = attentionWindow === 0 ? 0 : attends ? 4 : 2; // of hiddenDim^2; the value and the output at least
  const recurrent = gruLayers * (6 * hiddenDim ** 2 + hiddenDim * eventDim) +
    projections * hiddenDim ** 2;
  const remembered = attends ? 2 * attentionWindow * hiddenDim : 0; // keys and values
  const input = (eventDim + 1 + controlDim) * hiddenDim; // tables where it composes
  const scores = attends ? 2 * windowSize * hiddenDim : 0; // all of the window, then masked
  const attention = attends ? 5 * hiddenDim + attentionHeads * windowSize : projections * hiddenDim;
  const kept = gruLayers * 5 * hiddenDim + 2 * eventDim + 1 + controlDim + hiddenDim + attention;
  const layers = (20 * gruLayers + 2 + (attentionWindow === 0 ? 0 : 23) + (attends ? 12 : 0)) *
    hiddenDim;
  return {
    operations: 2 * (recurrent + remembered),
    trainingOperations: 3 * 2 * (recurrent + input + scores),
    weightBytes: 4 * (recurrent + remembered),
    keptBytes: 4 * 2 * kept,
    trainingBytes: 4 * (layers + 11 * eventDim + (attends ? 5 * attentionHeads * windowSize : 0)),
  };
}
