/**
 * PerformanceRnn: a recurrent network over piano events, steered by note density and pitch classes.
 *
 * After Performance RNN (Oore et al. 2018, arXiv:1808.03715; controls as in Simon & Oore 2017,
 * https://magenta.tensorflow.org/performance-rnn), with the layers and parameter keys of the
 * coopertunes project; all of them but what the GRU reads are those of {@linkcode EventRnn}.
 *
 * @module
 */
import type { Tensor3D } from "../deps/tf.ts";
import type { LoadOptions } from "./checkpoint.ts";
import { EventRnn, loadEventRnn, type MixedInput } from "./decoding/event_rnn.ts";

/** The network, from events and controls to the logits of the next event. */
export class PerformanceRnn extends EventRnn {
  /**
   * Loads a checkpoint with its hparams, opening a backend if none is open.
   *
   * @param where `"pretrained"`, a file, a run folder or a URL
   * @throws {CheckpointError} If it is a checkpoint of another model or damaged
   */
  static load(
    where: string | URL = "pretrained",
    options: LoadOptions = {},
  ): Promise<PerformanceRnn> {
    return loadEventRnn("performance_rnn", PerformanceRnn, where, options);
  }

  /** The GRU reads the inputs as they are. */
  protected override mix(x: Tensor3D): MixedInput {
    return { x, past: null };
  }

  /** There is none. */
  protected override decodeAttention(): undefined {
    return undefined;
  }
}
