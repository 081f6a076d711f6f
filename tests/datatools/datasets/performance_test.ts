import { deepStrictEqual as deepEqual, rejects, throws } from "node:assert/strict";
import {
  PerformanceDataset,
  type PerformanceDatasetOptions,
} from "../../../datatools/datasets/performance.ts";
import { encodeControls } from "../../../datatools/midi/control_codec.ts";
import { encodeEvents } from "../../../datatools/midi/event_codec.ts";
import { readMidi } from "../../../datatools/midi/smf.ts";
import { prepareMidi } from "../../../datatools/prepare.ts";
import {
  generatedMidi,
  type TestFolder,
  testFolder,
  writePieces,
} from "../../support/midi_fixtures.ts";

async function preparedSet(nPieces: number): Promise<TestFolder & { set: string }> {
  const folder = await testFolder();
  const [source, set] = [`${folder.path}/midi`, `${folder.path}/set`];
  await writePieces(source, nPieces, 20);
  await prepareMidi({ source, out: set, validFraction: 0.3 });
  return { ...folder, set };
}

async function places(set: string, options: PerformanceDatasetOptions): Promise<number[][]> {
  using dataset = await PerformanceDataset.open(set, options);
  return Array.from({ length: dataset.nWindows }, (_, i) => {
    const { piece, start } = dataset.window(i);
    return [piece, start];
  });
}

Deno.test("PerformanceDataset reads the events and controls of the MIDI files", async () => {
  await using folder = await preparedSet(3);
  using dataset = await PerformanceDataset.open(folder.set);
  for (const [i, { file }] of dataset.pieces.entries()) {
    const seed = Number(file.slice(6, 8));
    const { notes } = readMidi(generatedMidi(seed, 20 + 7 * seed));
    const events = encodeEvents(notes);
    deepEqual(dataset.readPiece(i), { events, controls: encodeControls(events) });
  }
});

Deno.test("PerformanceDataset has windows at every stride and at the end of each piece", async () => {
  await using folder = await preparedSet(4);
  for (const [windowSize, strideSize] of [[30, 7], [70, 10], [5, 1], [64, 64]]) {
    using dataset = await PerformanceDataset.open(folder.set, { windowSize, strideSize });
    const expected = dataset.pieces.flatMap(({ events }, piece) => {
      const last = events - windowSize;
      const starts = [];
      for (let start = 0; start < last; start += strideSize) starts.push([piece, start]);
      return last < 0 ? [] : [...starts, [piece, last]];
    });
    deepEqual(await places(folder.set, { windowSize, strideSize }), expected);
    const short = dataset.pieces.filter(({ events }) => events < windowSize);
    deepEqual(dataset.shortPieces, short.map(({ file }) => file));
  }
});

Deno.test("PerformanceDataset.read() gives the window's part of its piece", async () => {
  await using folder = await preparedSet(3);
  using dataset = await PerformanceDataset.open(folder.set, { windowSize: 25, strideSize: 9 });
  const out = { events: new Uint16Array(25), controls: new Uint8Array(25 * 13) };
  for (let i = 0; i < dataset.nWindows; i++) {
    const { piece, start } = dataset.window(i);
    const whole = dataset.readPiece(piece);
    dataset.read(i, out);
    deepEqual(out.events, whole.events.slice(start, start + 25));
    deepEqual(out.controls, whole.controls.slice(13 * start, 13 * (start + 25)));
  }
});

Deno.test("PerformanceDataset gives each piece to exactly one part", async () => {
  await using folder = await preparedSet(9);
  const files = async (split?: "train" | "valid") => {
    using dataset = await PerformanceDataset.open(folder.set, { split });
    return dataset.pieces.map(({ file }) => file);
  };
  const [train, valid] = [await files("train"), await files("valid")];
  deepEqual([...train, ...valid].sort(), await files());
  deepEqual(valid.length > 0 && train.length > 0, true);
});

Deno.test("PerformanceDataset opens a set whose pieces are all shorter than a window", async () => {
  await using folder = await preparedSet(2);
  using dataset = await PerformanceDataset.open(folder.set, { windowSize: 5000 });
  deepEqual([dataset.nWindows, dataset.shortPieces.length], [0, 2]);
  throws(() => dataset.window(0), /no window 0 in ".*": it has 0/);
});

Deno.test("PerformanceDataset refuses places that are not there", async () => {
  await using folder = await preparedSet(2);
  using dataset = await PerformanceDataset.open(folder.set, { windowSize: 20 });
  for (const i of [-1, 0.5, dataset.nWindows, NaN]) throws(() => dataset.window(i), RangeError);
  throws(() => dataset.readPiece(2), /no piece 2 in .*: it has 2/);
  const out = { events: new Uint16Array(20), controls: new Uint8Array(20 * 13) };
  throws(() => dataset.readEvents(0, dataset.pieces[0].events - 19, out), /Cannot read events/);
  throws(() => dataset.read(0, { ...out, controls: new Uint8Array(3) }), /length 3, expected 260/);
  await rejects(
    PerformanceDataset.open(folder.set, { windowSize: 0 }),
    /windowSize is 0, expected/,
  );
  await rejects(
    PerformanceDataset.open(folder.set, { strideSize: -1 }),
    /strideSize is -1, expected/,
  );
});

Deno.test("PerformanceDataset names the event of damaged data", async () => {
  await using folder = await preparedSet(2);
  const path = `${folder.set}/events.u8`;
  const bytes = await Deno.readFile(path);
  bytes[5] = 240;
  await Deno.writeFile(path, bytes);
  using dataset = await PerformanceDataset.open(folder.set);
  throws(() => dataset.readPiece(0), /events.u8": event 5 is 240, expected below 240/);
});

Deno.test("PerformanceDataset reads two bytes an event of a codec with more than 256", async () => {
  await using folder = await testFolder();
  const [source, set] = [`${folder.path}/midi`, `${folder.path}/set`];
  await writePieces(source, 3, 20);
  await prepareMidi({ source, out: set, codec: "magenta" });
  using dataset = await PerformanceDataset.open(set);
  for (const [i, { file }] of dataset.pieces.entries()) {
    const seed = Number(file.slice(6, 8));
    const { notes } = readMidi(generatedMidi(seed, 20 + 7 * seed));
    const events = encodeEvents(notes, "magenta");
    deepEqual(dataset.readPiece(i), { events, controls: encodeControls(events, "magenta") });
  }
  const path = `${set}/events.u16`;
  const bytes = await Deno.readFile(path);
  deepEqual(bytes.length, 2 * dataset.manifest.totals.events);
  bytes.set([0x84, 0x01], 2 * 7); // 388, the low byte first
  await Deno.writeFile(path, bytes);
  throws(() => dataset.readPiece(0), /events.u16": event 7 is 388, expected below 388/);
  await Deno.truncate(path, bytes.length - 1);
  await rejects(PerformanceDataset.open(set), /events.u16": it has \d+ bytes, the manifest says/);
});

Deno.test("PerformanceDataset finds data that was cut while it was open", async () => {
  await using folder = await preparedSet(2);
  using dataset = await PerformanceDataset.open(folder.set);
  await Deno.truncate(`${folder.set}/controls.u8`, 100);
  throws(() => dataset.readPiece(1), /controls.u8": it ends at byte/);
});
