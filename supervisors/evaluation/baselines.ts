/** What a model is to beat: n-grams fitted on the training pieces. @module */
import { Ngram, ngramLikelihoods } from "../../datatools/metrics/ngram.ts";
import { eventsOf, type EventSource } from "./piece_sets.ts";

const names = ["unigram", "bigram", "trigram", "4-gram", "5-gram"];

/** Nats per event of the uniform distribution and of n-grams of orders 1 to 5. */
export function measureBaselines(
  training: EventSource,
  unseen: EventSource,
  eventDim: number,
): Record<string, number> {
  const model = new Ngram(eventsOf(training), eventDim, names.length);
  const figures = ngramLikelihoods(model, eventsOf(unseen));
  return {
    uniform: Math.log(eventDim),
    ...Object.fromEntries(figures.map((nll, n) => [names[n], nll])),
  };
}
