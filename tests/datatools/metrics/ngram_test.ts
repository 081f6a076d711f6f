import { assert, assertThrows } from "../../support/assert.ts";
import { Ngram, ngramLikelihoods } from "../../../datatools/metrics/ngram.ts";

Deno.test("Ngram gives probabilities that sum to 1 after every context", () => {
  const model = new Ngram([[0, 1, 2, 0, 1, 2, 2, 1]], 4, 3);
  for (const context of [[0, 1], [2, 2], [3, 3], [1, 0]]) {
    for (let order = 0; order < 3; order++) {
      const total = [0, 1, 2, 3].reduce(
        (sum, event) => sum + Math.exp(-model.nll([...context, event], 2)[order]!),
        0,
      );
      assert(Math.abs(total - 1) < 1e-12, `order ${order + 1} after ${context}: ${total}`);
    }
  }
});

Deno.test("Ngram unigram follows Witten-Bell by hand", () => {
  const model = new Ngram([[0, 0, 1]], 4, 1);
  // 3 events, 2 kinds: (count + 2 / 4) / (3 + 2)
  assert(Math.abs(Math.exp(-model.nll([0], 0)[0]!) - 0.5) < 1e-12);
  assert(Math.abs(Math.exp(-model.nll([3], 0)[0]!) - 0.1) < 1e-12);
});

Deno.test("ngramLikelihoods falls with the order on a sequence that repeats", () => {
  const sequence = Array.from({ length: 300 }, (_, i) => [0, 1, 0, 2][i % 4]!);
  const [unigram, bigram, trigram] = ngramLikelihoods(new Ngram([sequence], 3, 3), [sequence]);
  assert(unigram! > bigram! && bigram! > trigram! && trigram! < 0.1);
});

Deno.test("Ngram refuses orders that it cannot count", () => {
  assertThrows(() => new Ngram([], 240, 8), RangeError);
});
