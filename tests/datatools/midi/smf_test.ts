import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { readMidi, writeMidi } from "../../../datatools/midi/smf.ts";
import type { Note } from "../../../datatools/midi/notes.ts";
import { fc } from "../../../deps/fast_check.ts";
import { Midi } from "../../../deps/tonejs_midi.ts";
import { chunk, demoMidiFiles, smfBytes, tempoEvent } from "../../support/midi_bytes.ts";

/** Notes as "pitch start-end" with velocity after a "v", in hundredths of a second. */
function spell(notes: Note[]): string[] {
  const hundredths = (seconds: number) => Math.round(seconds * 100);
  return notes.map(({ pitch, velocity, start, end }) =>
    `${pitch} ${hundredths(start)}-${hundredths(end)} v${velocity}`
  );
}

const DIVISION = 50; // with the default of 120 quarter notes a minute, a tick is 10 ms
const read = (tracks: number[][], options = {}) =>
  readMidi(smfBytes(tracks, { division: DIVISION }), options);

Deno.test("readMidi() reads format 0 under running status, velocity 0 as release", () => {
  const file = read([[0, 0x90, 60, 64, 50, 64, 80, 50, 60, 0, 0, 64, 0]]);
  deepEqual(spell(file.notes), ["60 0-100 v64", "64 50-100 v80"]);
  deepEqual([file.format, file.ticksPerQuarter, file.seconds], [0, DIVISION, 1]);
  deepEqual(file.tempi, [{ time: 0, bpm: 120 }]);
});

Deno.test("readMidi() merges the tracks of format 1 and names their instruments", () => {
  const name = [..."Gl\xf6ckchen"].map((c) => c.charCodeAt(0)); // Latin-1
  const file = read([
    [0, 0xff, 3, 6, ..."Melody"].map((b) => typeof b === "string" ? b.charCodeAt(0) : b),
    [0, 0xff, 3, name.length, ...name, 0, 0xc1, 9, 10, 0x91, 72, 90, 10, 0x81, 72, 0],
    [5, 0x92, 40, 30, 10, 0x82, 40, 0],
  ]);
  deepEqual(spell(file.notes), ["40 5-15 v30", "72 10-20 v90"]);
  const names = file.instruments.map(({ name, track, channel, program, notes, drums }) =>
    [name, track, channel, program, notes, drums].join()
  );
  deepEqual(names, [
    "glockenspiel,Gl\xf6ckchen,1,9,1,false",
    "acoustic grand piano,,2,0,1,false",
  ]);
});

Deno.test("readMidi() reads UTF-8 and very long texts", () => {
  const utf8 = [...new TextEncoder().encode("Für Elise ♪")];
  const long = new Array(200_000).fill(0xe9);
  const length = [0x80 | 200_000 >> 14, 0x80 | 200_000 >> 7 & 0x7f, 200_000 & 0x7f];
  const file = read([[
    ...[0, 0xff, 1, ...length, ...long],
    ...[0, 0xff, 3, utf8.length, ...utf8],
    ...[0, 0x90, 60, 64, 10, 60, 0],
  ]]);
  equal(file.instruments[0].track, "Für Elise ♪");
  deepEqual(spell(file.notes), ["60 0-10 v64"]);
});

Deno.test("readMidi() follows the tempo map, wherever its changes stand", () => {
  const file = read([
    [50, ...tempoEvent(1_000_000), 25, ...tempoEvent(250_000)],
    [0, 0x90, 60, 64, 100, 60, 0, 0, 62, 64, 50, 62, 0],
    [0, 0x91, 64, 64, 50, 64, 0],
  ]);
  // 50 ticks at 0.5 s a quarter, 25 ticks at 1 s, the rest at 0.25 s
  deepEqual(spell(file.notes), ["60 0-113 v64", "64 0-50 v64", "62 113-138 v64"]);
  deepEqual(file.tempi, [
    { time: 0, bpm: 120 },
    { time: 0.5, bpm: 60 },
    { time: 1, bpm: 240 },
  ]);
});

Deno.test("readMidi() puts the tempi of several tracks in order", () => {
  const file = read([[100, ...tempoEvent(250_000)], [50, ...tempoEvent(1_000_000)], []]);
  deepEqual(file.tempi.map(({ time, bpm }) => [time, bpm]), [[0, 120], [0.5, 60], [1.5, 240]]);
});

Deno.test("readMidi() takes the last of the tempi at one tick", () => {
  const file = read([[
    0,
    ...tempoEvent(9),
    0,
    ...tempoEvent(1_000_000),
    0,
    0x90,
    60,
    1,
    50,
    60,
    0,
  ]]);
  deepEqual(spell(file.notes), ["60 0-100 v1"]);
  deepEqual(file.tempi, [{ time: 0, bpm: 60 }]);
});

Deno.test("readMidi() reads SMPTE time, which no tempo changes", () => {
  const track = [0, ...tempoEvent(9), 0, 0x90, 60, 64, 100, 60, 0];
  const at25 = readMidi(smfBytes([track], { division: 0xe728 })); // 25 frames of 40 ticks
  deepEqual(spell(at25.notes), ["60 0-10 v64"]);
  deepEqual([at25.ticksPerQuarter, at25.tempi], [0, []]);
  const dropFrame = readMidi(smfBytes([track], { division: 0xe301 })); // 29.97 frames
  equal(dropFrame.notes[0].end, 100 / (30_000 / 1001));
});

Deno.test("readMidi() lengthens notes to the lifting of the pedal, unless told not to", () => {
  const track = [
    ...[0, 0xb0, 64, 64],
    ...[0, 0x90, 60, 64, 10, 60, 0], // key up at 10, pedal down
    ...[0, 62, 64],
    ...[20, 0xb0, 64, 63], // pedal up at 30
    ...[10, 0x90, 62, 0], // key up at 40, after the pedal
    ...[0, 64, 64, 5, 64, 0], // no pedal
  ];
  deepEqual(spell(read([track]).notes), ["60 0-30 v64", "62 10-40 v64", "64 40-45 v64"]);
  const dry = read([track], { sustain: false });
  deepEqual(spell(dry.notes), ["60 0-10 v64", "62 10-40 v64", "64 40-45 v64"]);
});

Deno.test("readMidi() ends a sustained note where its pitch is struck again on its channel", () => {
  const file = read([
    [0, 0xb0, 64, 127, 0, 0x90, 60, 64, 10, 60, 0, 20, 60, 70, 10, 60, 0, 30, 0xb0, 64, 0],
    [0, 0x91, 60, 50, 15, 0x91, 60, 0],
  ]);
  deepEqual(spell(file.notes), ["60 0-30 v64", "60 0-15 v50", "60 30-70 v70"]);
});

Deno.test("readMidi() applies a pedal that another track holds, to its own channel alone", () => {
  const file = read([
    [0, 0xb2, 64, 127, 50, 0xb2, 64, 0],
    [0, 0x92, 60, 64, 10, 60, 0],
    [0, 0x90, 61, 64, 10, 61, 0],
  ]);
  deepEqual(spell(file.notes), ["60 0-50 v64", "61 0-10 v64"]);
});

Deno.test("readMidi() lets the pedal move before a key at the same tick", () => {
  const down = [0, 0x90, 60, 64, 10, 60, 0, 0, 0xb0, 64, 127, 10, 64, 0];
  deepEqual(spell(read([down]).notes), ["60 0-20 v64"]);
  const up = [0, 0xb0, 64, 127, 0, 0x90, 60, 64, 10, 60, 0, 0, 0xb0, 64, 0, 10, 64, 127];
  deepEqual(spell(read([up]).notes), ["60 0-10 v64"]);
});

Deno.test("readMidi() lifts the pedal where the controllers are reset", () => {
  const track = [0, 0xb0, 64, 127, 0, 0x90, 60, 64, 10, 60, 0, 10, 0xb0, 121, 0, 50, 7, 9];
  deepEqual(spell(read([track]).notes), ["60 0-20 v64"]);
});

Deno.test("readMidi() closes with the file what is never released, with and without the pedal", () => {
  const track = [0, 0x90, 60, 64, 10, 0xb0, 64, 127, 0, 0x90, 62, 64, 10, 62, 0, 30, 0xc0, 5];
  deepEqual(spell(read([track]).notes), ["60 0-50 v64", "62 10-50 v64"]);
  const dry = read([track], { sustain: false });
  deepEqual(spell(dry.notes), ["60 0-50 v64", "62 10-20 v64"]);
});

Deno.test("readMidi() releases the first struck of overlapping notes first, and ignores idle releases", () => {
  const track = [0, 0x90, 60, 1, 5, 60, 2, 5, 60, 0, 5, 60, 0, 5, 60, 0, 0, 61, 0];
  deepEqual(spell(read([track]).notes), ["60 0-10 v1", "60 5-15 v2"]);
});

Deno.test("readMidi() keeps a note that sounds across a change of program", () => {
  const track = [0, 0xc0, 3, 0, 0x90, 60, 64, 10, 0xc0, 4, 10, 0x90, 60, 0];
  const file = read([track]);
  deepEqual(spell(file.notes), ["60 0-20 v64"]);
  equal(file.instruments[0].program, 3);
});

Deno.test("readMidi() leaves out drums and unwanted programs, and still counts them", () => {
  const tracks = [
    [0, 0xc0, 40],
    [0, 0x90, 60, 64, 10, 60, 0], // the program stands in another track
    [0, 0xc1, 8, 0, 0x91, 61, 64, 10, 61, 0, 0, 0xc1, 1, 0, 0x91, 62, 64, 10, 62, 0],
    [0, 0x99, 36, 64, 10, 36, 0],
  ];
  deepEqual(spell(read(tracks).notes), ["60 0-10 v64", "61 0-10 v64", "62 10-20 v64"]);
  const pianos = { programs: (program: number) => program < 8 };
  deepEqual(spell(read(tracks, pianos).notes), ["62 10-20 v64"]);
  deepEqual(spell(read(tracks, { ...pianos, drums: true }).notes), ["36 0-10 v64", "62 10-20 v64"]);
  const parts = read(tracks, pianos).instruments;
  deepEqual(parts.map(({ program, notes }) => [program, notes]), [[40, 1], [8, 1], [1, 1], [0, 1]]);
  deepEqual(parts.map(({ drums }) => drums), [false, false, false, true]);
});

Deno.test("readMidi() passes over system exclusive, unknown chunks and what follows the tracks", () => {
  const track = [0, 0xf0, 2, 1, 0xf7, 0, 0xff, 0x7f, 1, 9, 0, 0x90, 60, 64, 10, 60, 0];
  const bytes = smfBytes([track], { division: DIVISION });
  const [header, rest] = [bytes.slice(0, 14), bytes.slice(14)];
  const ended = smfBytes([[...track, 0, 0xff, 0x2f, 0, 0, 0x90, 70, 64, 9, 70, 0]]);
  equal(readMidi(ended).notes.length, 1);
  const odd = [...header, ...chunk("XFIH", [1, 2, 3]), ...rest, 0, 0, 0, 7, 8, 9];
  deepEqual(spell(readMidi(Uint8Array.from(odd)).notes), ["60 0-10 v64"]);
});

Deno.test("readMidi() of a file without notes gives none", () => {
  const { notes, seconds, instruments } = read([[100, 0xc0, 1]]);
  deepEqual([notes, seconds, instruments], [[], 0, []]);
});

Deno.test("readMidi() refuses what it cannot read, naming the byte and what was expected", () => {
  const track = [0, 0x90, 60, 64, 10, 60, 0];
  const whole = smfBytes([track, track]);
  const altered = (at: number, ...values: number[]) => {
    const bytes = whole.slice();
    bytes.set(values, at);
    return bytes;
  };
  const refusals: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /expected "MThd" at byte 0/],
    [new TextEncoder().encode("RIFF....RMID"), /unwrap the RIFF/],
    [new TextEncoder().encode("not a MIDI file"), /found "not ".*no Standard MIDI File/],
    [whole.slice(0, 9), /header of 10 bytes with 5 left at byte 0; the file is cut off/],
    [altered(8, 0, 2), /format 2, expected 0 or 1 at byte 8/],
    [altered(10, 0, 0), /0 tracks/],
    [altered(10, 0, 3), /ends after 2 of the 3 tracks/],
    [altered(12, 0, 0), /0 ticks per quarter note/],
    [altered(12, 0xe7, 0), /SMPTE/],
    [altered(12, 0x90, 4), /SMPTE/],
    [altered(18, 0xff, 0xff, 0xff, 0xff), /"MTrk" of 4294967295 bytes with \d+ left at byte 14/],
    [altered(18, 0, 0, 0, 5), /found the end in the middle of an event at byte 27/],
    [altered(23, 60), /data byte 60 before any status byte/],
    [altered(23, 0xf5), /0xf5/],
    [altered(24, 200), /found 200 as data of an event, expected 0 to 127 at byte 24/],
    [altered(22, 0xff, 0xff, 0xff, 0xff), /more than 4 bytes/],
    [whole.slice(0, -3), /cut off/],
    [smfBytes([[0, ...tempoEvent(0)]]), /tempo of 0/],
    [smfBytes([[0, 0xff, 0x51, 2, 1, 1]]), /tempo of 2 bytes/],
    [smfBytes([[0, 0xff, 1, 100, 1]]), /meta event of 100 bytes/],
  ];
  for (const [bytes, message] of refusals) {
    throws(() => readMidi(bytes), { name: "SyntaxError", message });
  }
  const delta = [0xff, 0xff, 0xff, 0x7f];
  const endless = smfBytes([[0, ...tempoEvent(0xffffff), ...delta, 0x90, 60, 1, 1, 60, 0]]);
  throws(() => readMidi(endless), { name: "SyntaxError", message: /at most 604800 \(a week\)/ });
  throws(() => readMidi(new Uint8Array(64 * 2 ** 20 + 1)), /split the file/);
});

Deno.test("readMidi() takes time in proportion to the file where notes pile up", () => {
  const n = 200_000;
  const on = Array.from({ length: n }, () => [0, 60, 64]).flat();
  const off = Array.from({ length: n }, () => [0, 61, 0]).flat();
  const bytes = smfBytes([[0, 0xb0, 64, 127, 0, 0x90, 1, 1].concat(on, off, off)]);
  const from = performance.now();
  equal(readMidi(bytes).notes.length, n + 1);
  ok(performance.now() - from < 3000);
});

Deno.test("readMidi() finds the same strikes as @tonejs/midi in the demo files", () => {
  const files = demoMidiFiles();
  ok(files.length > 0);
  for (const url of files) {
    const bytes = Deno.readFileSync(url);
    const ours = readMidi(bytes, { sustain: false, drums: true }).notes;
    const theirs = new Midi(bytes).tracks.flatMap(({ notes }) => notes);
    equal(ours.length, theirs.length, url.pathname);
    theirs.sort((a, b) => a.midi - b.midi || a.time - b.time || a.velocity - b.velocity);
    ours.sort((a, b) => a.pitch - b.pitch || a.start - b.start || a.velocity - b.velocity);
    ours.forEach(({ pitch, velocity, start }, i) => {
      const { midi, time } = theirs[i];
      deepEqual([pitch, velocity], [midi, Math.round(theirs[i].velocity * 127)]);
      ok(Math.abs(start - time) < 1e-9);
    });
  }
});

const someNotes = fc.array(
  fc.record({
    pitch: fc.integer({ min: 0, max: 127 }),
    velocity: fc.integer({ min: 1, max: 127 }),
    gap: fc.double({ min: 0, max: 3, noNaN: true }),
    length: fc.double({ min: 0.003, max: 3, noNaN: true }),
  }),
  { maxLength: 60, size: "max" },
).map((parts) => {
  const free = new Map<number, number>();
  let start = 0;
  return parts.map(({ pitch, velocity, gap, length }) => {
    start = Math.max(start + gap, free.get(pitch) ?? 0); // a pitch sounds once at a time
    free.set(pitch, start + length);
    return { pitch, velocity, start, end: start + length };
  });
});

Deno.test("readMidi(writeMidi()) keeps notes within a tick", () => {
  fc.assert(fc.property(someNotes, fc.integer({ min: 30, max: 300 }), (notes, tempo) => {
    const tick = 60 / tempo / 960;
    const again = readMidi(writeMidi(notes, { tempo, ticksPerQuarter: 960 })).notes;
    equal(again.length, notes.length);
    const key = (note: Note) => note.pitch * 1e6 + note.start;
    const pairs = [notes, again].map((list) => [...list].sort((a, b) => key(a) - key(b)));
    pairs[0].forEach((note, i) => {
      const { pitch, velocity, start, end } = pairs[1][i];
      deepEqual([pitch, velocity], [note.pitch, note.velocity]);
      ok(Math.abs(start - note.start) <= tick && Math.abs(end - note.end) <= tick);
    });
  }));
});

Deno.test("writeMidi() writes a file that @tonejs/midi reads alike", () => {
  const notes = [
    { pitch: 60, velocity: 1, start: 0.25, end: 2 },
    { pitch: 67, velocity: 127, start: 1, end: 1.5 },
  ];
  const file = new Midi(writeMidi(notes, { tempo: 90, program: 6, ticksPerQuarter: 220 }));
  equal(Math.round(file.header.tempos[0].bpm), 90);
  equal(file.header.ppq, 220);
  const [track] = file.tracks;
  equal(track.instrument.name, "harpsichord");
  const found = track.notes.map(({ midi, velocity, time, duration }) =>
    [midi, Math.round(velocity * 127), Math.round(time * 100), Math.round(duration * 100)].join()
  );
  deepEqual(found, ["60,1,25,175", "67,127,100,50"]);
});

Deno.test("writeMidi() releases a sounding key before it strikes it again, and rounds no note away", () => {
  const note = (start: number, end: number) => ({ pitch: 60, velocity: 9, start, end });
  const file = readMidi(writeMidi([note(0, 2), note(1, 1.5), note(2, 2)]));
  deepEqual(spell(file.notes), ["60 0-100 v9", "60 100-150 v9", "60 200-200 v9"]);
  ok(file.notes.every(({ start, end }) => end > start));
  const late = readMidi(writeMidi([note(0, 1), note(20_000, 20_001)]));
  deepEqual(spell(late.notes), ["60 0-100 v9", "60 2000000-2000100 v9"]);
});

Deno.test("writeMidi() refuses what no file can hold", () => {
  const note = { pitch: 60, velocity: 64, start: 0, end: 1 };
  const refusals: [() => unknown, RegExp][] = [
    [
      () => writeMidi([note, { ...note, pitch: 128 }]),
      /notes\[1\]\.pitch is 128, expected an integer from 0 to 127/,
    ],
    [() => writeMidi([{ ...note, velocity: 0 }]), /velocity is 0/],
    [() => writeMidi([{ ...note, start: -1 }]), /start is -1/],
    [() => writeMidi([{ ...note, end: NaN }]), /end \(NaN\)/],
    [() => writeMidi([note], { tempo: 0 }), /tempo is 0/],
    [() => writeMidi([note], { program: 128 }), /program is 128/],
    [() => writeMidi([note], { ticksPerQuarter: 40_000 }), /ticksPerQuarter is 40000/],
    [() => writeMidi([{ ...note, start: 1e6, end: 1e6 }]), /a pause in ticks/],
  ];
  for (const [write, message] of refusals) throws(write, { name: "RangeError", message });
});
