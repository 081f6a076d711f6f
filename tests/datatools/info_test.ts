import { deepStrictEqual as deepEqual, match, ok, rejects } from "node:assert/strict";
import {
  describeMidi,
  describeSet,
  drawMidi,
  formatMidi,
  formatSet,
} from "../../datatools/info.ts";
import { writeMidi } from "../../datatools/midi/smf.ts";
import { codecIds } from "../../hparams/codec.ts";
import { prepareMidi } from "../../datatools/prepare.ts";
import { testFolder, writeFiles, writePieces } from "../support/midi_fixtures.ts";

const notes = [
  { pitch: 60, velocity: 64, start: 0, end: 0.5 },
  { pitch: 64, velocity: 80, start: 0.5, end: 1 },
  { pitch: 110, velocity: 96, start: 1, end: 90 },
];
const sum = (counts: number[]) => counts.reduce((total, n) => total + n, 0);

Deno.test("describeSet counts what the manifest says, and every event once", async () => {
  await using folder = await testFolder();
  const [source, out] = [`${folder.path}/midi`, `${folder.path}/set`];
  await writePieces(source, 4);
  await writeFiles(source, { "broken.mid": new Uint8Array(9) });
  for (const codec of codecIds) {
    const { totals } = await prepareMidi({ source, out, codec, overwrite: true });
    const set = await describeSet(out);
    const { kinds, pitches, pitchClasses, velocityEvents, timeShifts, ...h } = set.histograms;
    deepEqual(sum(Object.values(kinds)), totals.events);
    for (const counts of [pitches, pitchClasses, [kinds.noteOn]]) {
      deepEqual(sum(counts), totals.notes);
    }
    deepEqual([sum(velocityEvents), sum(timeShifts)], [kinds.velocity, kinds.timeShift]);
    deepEqual(sum(h.densities), totals.events);
    deepEqual(sum(h.pieceMinutes.map(({ pieces }) => pieces)), 4);
    ok(h.velocities.every((v, i) => v > 0 && v < 128 && (i === 0 || v >= h.velocities[i - 1])));
    const { all, train, valid } = set.parts;
    deepEqual([all.events, all.notes, all.pieces], [totals.events, totals.notes, 4]);
    deepEqual(all.notes, train.notes + valid.notes);
    deepEqual(set.skipped.map(({ file }) => file), ["broken.mid"]);
    deepEqual([set.shortest.file, set.longest.file], ["piece-00.mid", "piece-03.mid"]);
    deepEqual(JSON.parse(JSON.stringify(set)), set, "it is plain JSON");
  }
});

Deno.test("formatSet shows parts, histograms and what was left out", async () => {
  await using folder = await testFolder();
  const [source, out] = [`${folder.path}/midi`, `${folder.path}/set`];
  await writePieces(source, 2);
  await writeFiles(source, { "broken.mid": new Uint8Array(9) });
  const { totals } = await prepareMidi({ source, out });
  const text = formatSet(await describeSet(out));
  match(text, new RegExp(`^all +2 +${totals.events} +${totals.notes} +0\\.\\d\\d$`, "m"));
  match(text, /^ +noteOn +\d+ #+$/m);
  match(text, /^1 files were left out\n {2}broken\.mid: \S/m);
});

Deno.test("describeSet refuses a folder that is no set, or is damaged", async () => {
  await using folder = await testFolder();
  await rejects(describeSet(folder.path), /has no manifest.json/);
  await writePieces(`${folder.path}/midi`, 2);
  await prepareMidi({ source: `${folder.path}/midi`, out: folder.path });
  await Deno.truncate(`${folder.path}/controls.u8`, 1);
  await rejects(describeSet(folder.path), /controls.u8": it has 1 bytes/);
});

Deno.test("describeMidi tells ranges, tempo and instruments of a file", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/song.mid`;
  await Deno.writeFile(path, writeMidi(notes, { tempo: 100 }));
  const midi = await describeMidi(path);
  deepEqual([midi.file, midi.notes, midi.notesOutsideKeys], [path, 3, 1]);
  deepEqual(midi.pitch, { min: 60, max: 110 });
  deepEqual(midi.velocity, { min: 64, max: 96, mean: 80 });
  ok(Math.abs(midi.seconds - 90) < 0.01);
  ok(midi.tempo && Math.abs(midi.tempo.first - 100) < 0.01);
  deepEqual(midi.instruments.map(({ program, notes }) => [program, notes]), [[0, 3]]);
  const text = formatMidi(midi);
  match(text, /^duration {2}1:30$/m);
  match(text, /^notes {5}3, 1 outside the 88 keys$/m);
  match(text, /^pitch {5}C4 \(60\) to D8 \(110\)$/m);
  match(text, /acoustic grand piano \(program 0\), channel 1: 3 notes/);
});

Deno.test("describeMidi tells that a file has no notes", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/silent.mid`;
  await Deno.writeFile(path, writeMidi([]));
  const midi = await describeMidi(path);
  deepEqual([midi.notes, midi.pitch, midi.velocity], [0, null, null]);
  match(formatMidi(midi), /^notes {5}0$/m);
});

Deno.test("describeMidi names the file that is no MIDI", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/bad.mid`;
  await Deno.writeFile(path, new Uint8Array(30));
  await rejects(describeMidi(path), (error) => {
    return error instanceof SyntaxError && error.message.startsWith(`Cannot read "${path}": `);
  });
  await rejects(describeMidi(`${folder.path}/absent.mid`), /absent.mid".*check the path/);
});

Deno.test("drawMidi draws a PNG", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/song.mid`;
  await Deno.writeFile(path, writeMidi(notes));
  const png = await drawMidi(path);
  deepEqual([...png.slice(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
});
