/** `evaluate`: the figures of a checkpoint on data that it was not trained on. @module */
import { evaluateEventModel, type EvaluateEventModelFlags } from "./evaluation/event_model.ts";
import type { EvaluateFlags as CommonFlags } from "./evaluation/flags.ts";
import { evaluateMelGan } from "./evaluation/mel_gan.ts";
import type { Outcome, Terminal } from "./outcome.ts";

/** The flags of `evaluate`. */
export type EvaluateFlags = EvaluateEventModelFlags | CommonFlags<"mel_gan">;

/** Measures a checkpoint as its kind of model is measured. */
export async function evaluate(flags: EvaluateFlags, terminal: Terminal): Promise<Outcome> {
  return flags.model === "mel_gan"
    ? await evaluateMelGan(flags, terminal)
    : await evaluateEventModel(flags, terminal);
}
