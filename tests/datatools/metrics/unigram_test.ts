import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { UnigramSampler } from "../../../datatools/metrics/unigram.ts";
import { eventSeconds, vocabularyOf } from "../../../datatools/midi/events.ts";
import { RandomStream } from "../../../datatools/random.ts";

const piano = vocabularyOf("corrected");

Deno.test("UnigramSampler draws events as often as they come in the set, and no others", () => {
  const sampler = new UnigramSampler([[5, 5, 5, 100], [5, 100, 239, 239]], piano);
  const events = sampler.sample(Infinity, 4000, new RandomStream(1, "unigram"));
  const share = (event: number) => events.filter((other) => other === event).length / events.length;
  for (const [event, expected] of [[5, 0.5], [100, 0.25], [239, 0.25]]) {
    ok(Math.abs(share(event) - expected) < 0.03, `${event}: ${share(event)}`);
  }
  deepEqual(new Set(events).size, 3);
});

Deno.test("UnigramSampler ends a piece when its time is over, and follows from the stream", () => {
  const sampler = new UnigramSampler([[5, 93, 220, 239]], piano);
  const draw = () => sampler.sample(10, 1000, new RandomStream(2, "unigram"));
  const events = draw();
  ok(eventSeconds(events, piano) >= 10 && eventSeconds(events.slice(0, -1), piano) < 10);
  deepEqual(draw(), events);
  throws(() => new UnigramSampler([[]], piano), RangeError);
});
