import { tf } from "../../../deps/tf.ts";
import { RandomStream } from "../../../datatools/random.ts";
import type { EventVocabulary } from "../../../datatools/midi/events.ts";
import {
  type BeamLimits,
  beamSearch,
  type BeamSettings,
  type BeamStart,
  type FoundSequence,
} from "../../../models/decoding/beam_search.ts";
import type { EventModel } from "../../../models/decoding/event_model.ts";
import { logSoftmax } from "../../../models/decoding/gumbel.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { tidy } from "../../../models/nn/mod.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";

await openBackend();

const EVENTS = 3;
const STEPS = 3;
const random = new RandomStream(5, "toy");

/** Three events whose logits follow from all events before; the state is the number that those spell. */
function toyModel(spread = 1.5): Pick<EventModel, "inference"> & { table: Float32Array } {
  const table = random.normal(0, 2 * EVENTS ** (STEPS + 1)).map((x) => spread * x);
  return {
    table,
    inference: (last, _controls, { hidden }) =>
      tidy(() => {
        const digits = tf.tensor3d([...last], [1, last.length, 1]);
        const code = tf.add<tf.Tensor3D>(tf.mul(hidden, EVENTS), digits);
        const rows = tf.cast(tf.reshape(code, [-1]), "int32");
        const logits = tf.gather(tf.tensor2d(table, [table.length / EVENTS, EVENTS]), rows);
        return { logits: logits as tf.Tensor2D, state: { hidden: code, past: null } };
      }),
  };
}

const plain: BeamSettings = {
  beamSize: 3,
  stochastic: false,
  temperature: 1,
  lengthPenalty: 0,
  upstreamScores: false,
};
const stepsOnly = { seconds: Infinity, steps: STEPS };
/** Events 0 and 1 take a second, event 2 takes three. */
const timeOf = (event: number) => ({ seconds: event === 2 ? 3 : 1, ticks: event });

/** Searches from `items` equal states; the first event before all others is 1, so that codes are unlike. */
async function search(
  model: Pick<EventModel, "inference">,
  settings: Partial<BeamSettings>,
  { items = 1, limits = stepsOnly, seed = 0 }: {
    items?: number;
    limits?: Omit<BeamLimits, "timeOf">;
    seed?: number;
  } = {},
): Promise<FoundSequence[][]> {
  const state = { hidden: tf.zeros<tf.Rank.R3>([1, items, 1]), past: null };
  const start: BeamStart = {
    state,
    last: new Int32Array(items).fill(1),
    controls: null,
    random: new RandomStream(seed, "search"),
    settings: { ...plain, ...settings },
    limits: { ...limits, timeOf },
  };
  const before = tf.memory().numTensors;
  const found = await beamSearch(model, start);
  assertEquals(tf.memory().numTensors, before, "tensors that nothing frees");
  state.hidden.dispose();
  return found;
}

/** All sequences with their log-probabilities. */
function enumerate(
  table: Float32Array,
  limits = stepsOnly,
  temperature = 1,
): { events: number[]; logProbability: number }[] {
  const grow = (
    events: number[],
    code: number,
    logProbability: number,
    seconds: number,
  ): ReturnType<
    typeof enumerate
  > => {
    if (events.length === limits.steps || seconds >= limits.seconds) {
      return [{ events, logProbability }];
    }
    const added = logSoftmax(table.subarray(code * EVENTS, (code + 1) * EVENTS), temperature);
    return [0, 1, 2].flatMap((event) =>
      grow(
        [...events, event],
        code * EVENTS + event,
        logProbability + added[event]!,
        seconds + timeOf(event).seconds,
      )
    );
  };
  return grow([], 1, 0, 0);
}

const spell = ({ events }: { events: readonly number[] }) => events.join("");
const byScore =
  (score: (sequence: { events: number[]; logProbability: number }) => number) =>
  (a: { events: number[]; logProbability: number }, b: typeof a) => score(b) - score(a);

Deno.test("beamSearch that leaves nothing out finds all sequences, the likeliest first", async () => {
  const model = toyModel();
  const expected = enumerate(model.table, stepsOnly, 0.7).sort(byScore((s) => s.logProbability));
  const [found] = await search(model, { beamSize: 27, temperature: 0.7 });
  assertEquals(found!.map(spell), expected.map(spell));
  found!.forEach(({ logProbability, score }, i) => {
    assert(Math.abs(logProbability - expected[i]!.logProbability) < 1e-6);
    assertEquals(score, logProbability);
  });
  const total = found!.reduce((sum, { logProbability }) => sum + Math.exp(logProbability), 0);
  assert(Math.abs(total - 1) < 1e-6, `the probabilities add up to ${total}`);
});

Deno.test("beamSearch of width 1 takes the likeliest event each time", async () => {
  const { table, ...model } = toyModel();
  let code = 1;
  const events = Array.from({ length: STEPS }, () => {
    const row = [...table.subarray(code * EVENTS, (code + 1) * EVENTS)];
    const event = row.indexOf(Math.max(...row));
    code = code * EVENTS + event;
    return event;
  });
  const [found] = await search(model, { beamSize: 1 });
  assertEquals(found!.map(({ events }) => events), [events]);
});

Deno.test("beamSearch compares sequences of different lengths by the length penalty", async () => {
  const model = toyModel();
  const limits = { seconds: 3, steps: 99 };
  const all = enumerate(model.table, limits);
  assertEquals(new Set(all.map(({ events }) => events.length)).size, 3);
  const orders = new Set<string>();
  for (const lengthPenalty of [0, 0.6, 5]) {
    const rank = byScore(({ events, logProbability }) =>
      logProbability / ((5 + events.length) / 6) ** lengthPenalty
    );
    const [found] = await search(model, { beamSize: 27, lengthPenalty }, { limits });
    const expected = all.toSorted(rank).map(spell);
    orders.add(String(expected));
    assertEquals(spell(found![0]!), expected[0]);
    if (lengthPenalty > 0) assertEquals(found!.map(spell), expected);
  }
  assert(orders.size > 1, "the penalty makes no difference");
});

/** One key: event 0 strikes it, event 1 releases it, event 2 lets time pass. */
const keyboard: EventVocabulary = {
  size: EVENTS,
  ranges: { noteOn: [0, 1], noteOff: [1, 2], timeShift: [2, 3], velocity: [3, 3] },
  pitches: [60, 61],
  shiftSeconds: Float64Array.of(3),
};

Deno.test("beamSearch on a keyboard finds what it can play, and draws from what is left at each step", async () => {
  const model = toyModel(0.8);
  const isPlayable = ({ events }: { events: readonly number[] }) => {
    const strokes = events.filter((event) => event !== 2); // on, off, on, ...
    return strokes.every((event, i) => event === i % 2);
  };
  const all = enumerate(model.table).filter(isPlayable);
  assert(all.length > 5 && all.length < 27);
  const limits = { ...stepsOnly, keyboard };
  const [found] = await search(model, { beamSize: 27 }, { limits });
  assertEquals(found!.map(spell), all.sort(byScore((s) => s.logProbability)).map(spell));
  found!.forEach(({ logProbability }, i) => {
    assert(Math.abs(logProbability - all[i]!.logProbability) < 1e-6);
  });
  const [drawn] = await search(model, { beamSize: 27, stochastic: true }, { limits });
  assertEquals(drawn!.map(spell).sort(), all.map(spell).sort());
  const total = drawn!.reduce((sum, { logProbability }) => sum + Math.exp(logProbability), 0);
  assert(Math.abs(total - 1) < 1e-6, `the probabilities add up to ${total}`);
});

Deno.test("beamSearch with upstreamScores sums logits, which prefers other sequences, and repeats the event before", async () => {
  const { table, ...model } = toyModel();
  const [found] = await search(model, { beamSize: 27, upstreamScores: true, temperature: 0.5 });
  const sumOf = (events: readonly number[]) => {
    let code = 1, sum = 0;
    for (const event of events) {
      sum += table[code * EVENTS + event]! / 0.5;
      code = code * EVENTS + event;
    }
    return sum;
  };
  for (const { events: [first, ...events], logProbability } of found!) {
    assertEquals(first, 1);
    assert(Math.abs(logProbability - sumOf(events)) < 1e-5);
  }
  const [correct] = await search(model, { beamSize: 27, temperature: 0.5 });
  assert(String(found!.map(spell)) !== String(correct!.map((each) => `1${spell(each)}`)));
});

Deno.test("beamSearch finds for an item of a batch what it finds alone", async () => {
  const model = toyModel();
  const settings = { ...plain, beamSize: 2 };
  const from = (codes: number[]): BeamStart => ({
    state: { hidden: tf.tensor3d(codes, [1, codes.length, 1]), past: null },
    last: new Int32Array(codes.length).fill(1),
    controls: null,
    random,
    settings,
    limits: { seconds: 4, steps: 2, timeOf },
  });
  const together = await beamSearch(model, from([0, 1]));
  const [first] = await beamSearch(model, from([0]));
  const [second] = await beamSearch(model, from([1]));
  assertEquals(together, [first, second]);
  assert(String(first!.map(spell)) !== String(second!.map(spell)));
});

/** How likely each of `p` is among `n` drawn one after another without replacement. */
function inclusion(p: readonly number[], n: number): number[] {
  const shares = p.map(() => 0);
  const draw = (taken: number[], probability: number, left: number) => {
    if (taken.length === n) return;
    p.forEach((own, i) => {
      if (taken.includes(i)) return;
      const chosen = probability * own / left;
      shares[i]! += chosen;
      draw([...taken, i], chosen, left - own);
    });
  };
  draw([], 1, 1);
  return shares;
}

const RUNS = 6;
const ITEMS = 1000;

for (
  const [name, limits] of [
    ["of one length", stepsOnly],
    ["of different lengths", { seconds: 3, steps: 99 }],
  ] as const
) {
  Deno.test(`beamSearch draws sequences ${name} without replacement`, async () => {
    const model = toyModel(0.8);
    const all = enumerate(model.table, limits);
    const p = all.map(({ logProbability }) => Math.exp(logProbability));
    const beamSize = 3;
    const included = new Map(all.map((sequence) => [spell(sequence), 0]));
    const first = new Map(included);
    for (let seed = 0; seed < RUNS; seed++) {
      const settings = { beamSize, stochastic: true, lengthPenalty: 0.6, upstreamScores: true };
      for (const found of await search(model, settings, { items: ITEMS, limits, seed })) {
        const names = found.map(spell);
        assertEquals(new Set(names).size, beamSize, `${names} repeats`);
        assert(found.every(({ score }, i) => i === 0 || score <= found[i - 1]!.score));
        for (const each of names) included.set(each, included.get(each)! + 1);
        first.set(names[0]!, first.get(names[0]!)! + 1);
      }
    }
    const n = RUNS * ITEMS;
    /** Sum of squared deviations in units of their spread; near the number of sequences if all is right. */
    const deviation = (counts: Map<string, number>, shares: number[]) =>
      all.reduce((sum, sequence, i) => {
        const share = shares[i]!;
        const z = (counts.get(spell(sequence))! - n * share) / Math.sqrt(n * share * (1 - share));
        assert(Math.abs(z) < 4, `${spell(sequence)}: ${z} times the spread off ${n * share}`);
        return sum + z * z;
      }, 0);
    const bound = all.length + 4 * Math.sqrt(2 * all.length);
    for (const found of [deviation(included, inclusion(p, beamSize)), deviation(first, p)]) {
      assert(found < bound, `${found}, at most ${bound}`);
    }
    const replaced = p.map((share) => 1 - (1 - share) ** beamSize); // drawn with replacement
    const off = replaced.reduce((sum, share, i) => {
      const count = included.get(spell(all[i]!))!;
      return sum + (count - n * share) ** 2 / (n * share * (1 - share));
    }, 0);
    assert(off > 3 * bound, `the test would not notice: ${off}`);
  });
}

Deno.test("beamSearch never finds what has no probability, and refuses NaN", async () => {
  const { table, ...model } = toyModel();
  for (let i = 0; i < table.length; i += EVENTS) table[i + 1] = -Infinity;
  for (const stochastic of [false, true]) {
    const [found] = await search(model, { beamSize: 20, stochastic });
    assertEquals(found!.length, 8);
    assert(found!.every(({ events }) => !events.includes(1)));
  }
  table.fill(NaN);
  const before = tf.memory().numTensors;
  await assertRejects(() => search(model, {}), /a logit is NaN/);
  assertEquals(tf.memory().numTensors, before + 1, "but the state of the test");
});
