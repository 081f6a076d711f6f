import {
  deepStrictEqual as deepEqual,
  notDeepStrictEqual,
  ok,
  rejects,
  throws,
} from "node:assert/strict";
import { PerformanceDataset } from "../../../datatools/datasets/performance.ts";
import {
  PerformanceBatches,
  ValidationBatches,
} from "../../../datatools/datasets/performance_batches.ts";
import { encodeControls, expandControls } from "../../../datatools/midi/control_codec.ts";
import type { CodecId } from "../../../datatools/midi/notes.ts";
import { stretchEvents } from "../../../datatools/midi/stretch.ts";
import { transposeControls, transposeEvents } from "../../../datatools/midi/transposition.ts";
import { prepareMidi } from "../../../datatools/prepare.ts";
import { type TestFolder, testFolder, writePieces } from "../../support/midi_fixtures.ts";

/** The events of one window of a batch of 6. */
function column(events: Int32Array, b: number): number[] {
  return [...events].filter((_, i) => i % 6 === b);
}

async function preparedSet(
  nPieces = 3,
  codec: CodecId = "corrected",
): Promise<TestFolder & { set: string }> {
  const folder = await testFolder();
  const [source, set] = [`${folder.path}/midi`, `${folder.path}/set`];
  await writePieces(source, nPieces, 30);
  await prepareMidi({ source, out: set, validFraction: 0.3, codec });
  return { ...folder, set };
}

const sizes = { windowSize: 32, strideSize: 10 };
const options = { batchSize: 6, seed: 5, transposition: true };

Deno.test("PerformanceBatches lays out events and controls time first, transposed together", async () => {
  await using folder = await preparedSet();
  using dataset = await PerformanceDataset.open(folder.set, sizes);
  const { events, controls, pieces, starts, offsets } = new PerformanceBatches(dataset, options)
    .batch(4);
  deepEqual([events.length, controls.length, pieces.length], [32 * 6, 32 * 6 * 24, 6]);
  ok(offsets.some((offset) => offset !== 0));
  for (let b = 0; b < 6; b++) {
    const piece = dataset.pieces.findIndex(({ file }) => file === pieces[b]);
    const out = { events: new Uint16Array(32), controls: new Uint8Array(32 * 13) };
    dataset.readEvents(piece, starts[b], out);
    const moved = transposeEvents(out.events, offsets[b]);
    const rows = expandControls(transposeControls(out.controls, offsets[b]));
    for (let t = 0; t < 32; t++) {
      deepEqual(events[t * 6 + b], moved[t]);
      const at = (t * 6 + b) * 24;
      deepEqual(controls.slice(at, at + 24), rows.slice(t * 24, t * 24 + 24));
    }
  }
});

for (const codec of ["corrected", "magenta"] as const) {
  Deno.test(`PerformanceBatches stretches ${codec} windows and measures their controls again`, async () => {
    await using folder = await preparedSet(3, codec);
    using dataset = await PerformanceDataset.open(folder.set, sizes);
    const batches = new PerformanceBatches(dataset, { ...options, stretch: 0.3 });
    const plain = new PerformanceBatches(dataset, options);
    const { windowSize } = sizes;
    const seen: number[] = [];
    for (let step = 0; step < 8; step++) {
      const { events, controls, pieces, starts, offsets, factors } = batches.batch(step);
      deepEqual(offsets, plain.batch(step).offsets);
      for (let b = 0; b < 6; b++) {
        const piece = dataset.pieces.findIndex(({ file }) => file === pieces[b]);
        const rest = dataset.readPiece(piece).events.slice(starts[b]);
        const whole = stretchEvents(rest, factors[b], codec);
        const measured = encodeControls(whole, codec).slice(0, windowSize * 13);
        const rows = expandControls(transposeControls(measured, offsets[b]));
        const moved = transposeEvents(whole.slice(0, windowSize), offsets[b], codec);
        deepEqual(column(events, b), [...moved]);
        for (let t = 0; t < windowSize; t++) {
          const at = (t * 6 + b) * 24;
          deepEqual(controls.slice(at, at + 24), rows.slice(t * 24, t * 24 + 24));
        }
        seen.push(factors[b]);
      }
    }
    ok(seen.every((factor) => factor >= 0.7 && factor <= 1.3));
    ok(seen.some((factor) => factor < 0.8) && seen.some((factor) => factor > 1.2));
  });
}

Deno.test("PerformanceBatches leaves a window as it is that would be too short when played faster", async () => {
  await using folder = await preparedSet();
  using whole = await PerformanceDataset.open(folder.set);
  const windowSize = Math.min(...whole.pieces.map(({ events }) => events)); // the whole of one piece
  using dataset = await PerformanceDataset.open(folder.set, { windowSize, strideSize: 1000 });
  const stretched = new PerformanceBatches(dataset, { ...options, stretch: 0.5 });
  const plain = new PerformanceBatches(dataset, options);
  let kept = 0;
  for (let step = 0; step < 8; step++) {
    const [batch, before] = [stretched.batch(step), plain.batch(step)];
    batch.factors.forEach((factor, b) => {
      if (factor !== 1) return;
      kept++;
      deepEqual(column(batch.events, b), column(before.events, b));
    });
  }
  ok(kept > 0 && kept < 48, `${kept} of 48`);
});

Deno.test("PerformanceBatches without stretch has all factors 1, and refuses what it cannot stretch", async () => {
  await using folder = await preparedSet(3, "upstream");
  using dataset = await PerformanceDataset.open(folder.set, sizes);
  const plain = new PerformanceBatches(dataset, options);
  deepEqual(new PerformanceBatches(dataset, { ...options, stretch: 0 }).batch(3), plain.batch(3));
  deepEqual([...plain.batch(3).factors], [1, 1, 1, 1, 1, 1]);
  const stretched = new PerformanceBatches(dataset, { ...options, stretch: 0.05 });
  throws(
    () => stretched.batch(0),
    /RangeError.*codec upstream: they keep no time; set stretch to 0/,
  );
  for (const stretch of [-0.1, 1, NaN]) {
    throws(
      () => new PerformanceBatches(dataset, { ...options, stretch }),
      /stretch is .*, expected/,
    );
  }
});

Deno.test("PerformanceBatches draws each window once an epoch", async () => {
  await using folder = await preparedSet();
  using dataset = await PerformanceDataset.open(folder.set, sizes);
  const batches = new PerformanceBatches(dataset, { ...options, batchSize: 1 });
  const { nWindows } = dataset;
  for (const epoch of [0, 1]) {
    const drawn = new Set<string>();
    for (let i = 0; i < nWindows; i++) {
      const { pieces, starts } = batches.batch(epoch * nWindows + i);
      drawn.add(`${pieces[0]} ${starts[0]}`);
    }
    deepEqual(drawn.size, nWindows);
    deepEqual(batches.epoch((epoch + 1) * nWindows), epoch + 1);
  }
});

Deno.test("PerformanceBatches gives a step the same batch after opening anew", async () => {
  await using folder = await preparedSet();
  const at = async (step: number, changed = {}) => {
    using dataset = await PerformanceDataset.open(folder.set, sizes);
    return new PerformanceBatches(dataset, { ...options, ...changed }).batch(step);
  };
  using dataset = await PerformanceDataset.open(folder.set, sizes);
  const unbroken = new PerformanceBatches(dataset, options);
  for (let step = 0; step < 12; step++) deepEqual(await at(step), unbroken.batch(step));
  const stretched = new PerformanceBatches(dataset, { ...options, stretch: 0.05 });
  for (let step = 0; step < 3; step++) {
    deepEqual(await at(step, { stretch: 0.05 }), stretched.batch(step));
  }
  notDeepStrictEqual(await at(3, { seed: 6 }), unbroken.batch(3));
  const plain = await at(3, { transposition: false });
  deepEqual([...plain.offsets], [0, 0, 0, 0, 0, 0]);
  deepEqual(plain.pieces, unbroken.batch(3).pieces);
});

Deno.test("PerformanceBatches transposes by each of -6 to 6 about as often", async () => {
  await using folder = await preparedSet();
  using dataset = await PerformanceDataset.open(folder.set, sizes);
  const batches = new PerformanceBatches(dataset, { ...options, batchSize: 130 });
  const counts = new Map<number, number>();
  for (let step = 0; step < 10; step++) {
    for (const offset of batches.batch(step).offsets) {
      counts.set(offset, (counts.get(offset) ?? 0) + 1);
    }
  }
  deepEqual([...counts.keys()].sort((a, b) => a - b), Array.from({ length: 13 }, (_, i) => i - 6));
  for (const [offset, n] of counts) ok(n > 60 && n < 150, `${offset}: ${n} of 1300`);
});

Deno.test("PerformanceBatches fills batches from one window, and from three", async () => {
  await using folder = await preparedSet(1);
  for (const nWindows of [1, 3]) {
    using all = await PerformanceDataset.open(folder.set);
    const { events } = all.pieces[0];
    const windowSize = events - (nWindows - 1);
    using dataset = await PerformanceDataset.open(folder.set, { windowSize, strideSize: 1 });
    deepEqual(dataset.nWindows, nWindows);
    const batch = new PerformanceBatches(dataset, { ...options, batchSize: 64 }).batch(1000);
    deepEqual(batch.events.length, windowSize * 64);
    deepEqual(new Set(batch.starts).size, nWindows);
  }
});

Deno.test("PerformanceBatches says why a set gives no batch", async () => {
  await using folder = await preparedSet(1);
  using long = await PerformanceDataset.open(folder.set, { windowSize: 9999 });
  throws(
    () => new PerformanceBatches(long, options),
    /all its 1 pieces here are shorter than .* 9999/,
  );
  using none = await PerformanceDataset.open(folder.set, { split: "valid" });
  throws(() => new PerformanceBatches(none, options), /no piece in this part/);
  deepEqual(new ValidationBatches(none, { batchSize: 4 }).length, 0);
});

Deno.test("ValidationBatches covers each piece once, the rest filled with weight 0", async () => {
  await using folder = await preparedSet();
  using dataset = await PerformanceDataset.open(folder.set, sizes);
  const validation = new ValidationBatches(dataset, { batchSize: 4 });
  const found = dataset.pieces.map(({ events }) => new Array<number>(events).fill(-1));
  for (let i = 0; i < validation.length; i++) {
    const { events, controls, weights, pieces, starts } = validation.batch(i);
    const size = pieces.length;
    ok(size === 4 || i === validation.length - 1);
    deepEqual([events.length, controls.length, weights.length], [
      32 * size,
      32 * size * 24,
      32 * size,
    ]);
    for (let at = 0; at < events.length; at++) {
      const [t, b] = [Math.floor(at / size), at % size];
      const piece = found[dataset.pieces.findIndex(({ file }) => file === pieces[b])];
      const control = controls.slice(at * 24, at * 24 + 24);
      if (weights[at] === 0) {
        deepEqual([events[at], starts[b] + t >= piece.length], [0, true]);
        ok(control.every((value) => value === 0));
        continue;
      }
      deepEqual([weights[at], piece[starts[b] + t]], [1, -1], "each event comes once");
      piece[starts[b] + t] = events[at];
      ok(control.slice(0, 12).includes(1));
    }
  }
  found.forEach((events, i) => deepEqual(events, [...dataset.readPiece(i).events]));
});

Deno.test("ValidationBatches refuses batches that are not there", async () => {
  await using folder = await preparedSet(2);
  using dataset = await PerformanceDataset.open(folder.set, sizes);
  const validation = new ValidationBatches(dataset, { batchSize: 3 });
  for (const i of [-1, 0.5, validation.length]) throws(() => validation.batch(i), RangeError);
  throws(() => new ValidationBatches(dataset, { batchSize: 0 }), /batchSize is 0/);
  await rejects(PerformanceDataset.open(`${folder.path}/midi`), /has no manifest.json/);
});
