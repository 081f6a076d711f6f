/** What a prepared set or a MIDI file holds, as plain values and as text. @module */
import type { Manifest, SkippedFile, Split } from "./datasets/manifest.ts";
import { PerformanceDataset } from "./datasets/performance.ts";
import { bars, formatSkipped, formatTime } from "./info_text.ts";
import { readBytes } from "./io.ts";
import { COMPRESSED_DIM } from "./midi/control_codec.ts";
import { countOutsideKeys, decodeEvents } from "./midi/event_codec.ts";
import { type EventKind, vocabularyOf } from "./midi/events.ts";
import { type Instrument, type MidiFile, readMidi } from "./midi/smf.ts";
import { drawPianoRoll } from "./plot/piano_roll.ts";
import { MAX_MIDI_BYTES } from "./prepare.ts";

/** Sums over one part of a set. */
export interface PartDescription {
  /** Number of pieces. */
  pieces: number;
  /** Number of events. */
  events: number;
  /** Number of notes. */
  notes: number;
  /** Playing time in hours. */
  hours: number;
}

/** How often each value occurs. */
export interface SetHistograms {
  /** Events of each kind. */
  kinds: Record<EventKind, number>;
  /** [128]: strikes of each MIDI pitch. */
  pitches: number[];
  /** [12]: strikes of each pitch class, C first. */
  pitchClasses: number[];
  /** [32]: velocity events of each value; `velocities` tells their MIDI numbers. */
  velocityEvents: number[];
  /** [32]: the MIDI velocity of each velocity event. */
  velocities: number[];
  /** [shifts of the codec]: time shifts of each length, shortest first. */
  timeShifts: number[];
  /** [12]: events at which the music has each note density. */
  densities: number[];
  /** Pieces shorter than 1, 2, 3, 5, 10, 20, 40 minutes (each and no shorter group), and longer ones. */
  pieceMinutes: { below: number | null; pieces: number }[];
}

/** What a prepared set holds. */
export interface SetDescription {
  /** The folder of the set. */
  dir: string;
  /** The folder the MIDI files came from. */
  source: string;
  /** How notes became events. */
  codec: Manifest["codec"];
  /** Whether the sustain pedal lengthened notes. */
  sustain: boolean;
  /** The MIDI programs that were kept; null for all. */
  programs: number[] | null;
  /** The whole and its parts. */
  parts: Record<"all" | Split, PartDescription>;
  /** The shortest and the longest piece. */
  shortest: { file: string; seconds: number };
  /** The longest piece. */
  longest: { file: string; seconds: number };
  /** How often each value occurs. */
  histograms: SetHistograms;
  /** The files that were left out, and why. */
  skipped: SkippedFile[];
}

/** What a MIDI file holds. */
export interface MidiDescription {
  /** The file, as it was given. */
  file: string;
  /** Its size in bytes. */
  bytes: number;
  /** 0: one track; 1: several at once. */
  format: number;
  /** Resolution; 0 in a file in SMPTE time. */
  ticksPerQuarter: number;
  /** When the last note ends, the sustain pedal counted. */
  seconds: number;
  /** Number of notes, drums left out. */
  notes: number;
  /** How many of them lie outside the 88 keys of a piano. */
  notesOutsideKeys: number;
  /** Lowest and highest MIDI pitch; null without notes. */
  pitch: { min: number; max: number } | null;
  /** Softest, loudest and mean MIDI velocity; null without notes. */
  velocity: { min: number; max: number; mean: number } | null;
  /** Beats per minute: how many changes, the first, slowest and fastest; null if the file has none. */
  tempo: { count: number; first: number; min: number; max: number } | null;
  /** The parts of the file. */
  instruments: Instrument[];
}

const MINUTE_EDGES = [1, 2, 3, 5, 10, 20, 40];
const PITCH_NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

/**
 * Counts what a prepared set holds; reads all of its data, one piece at a time.
 *
 * @param dir The folder of the set
 * @throws {IoError} If it is no prepared set or may not be read
 * @throws {SyntaxError} If it is damaged
 */
export async function describeSet(dir: string): Promise<SetDescription> {
  using dataset = await PerformanceDataset.open(dir);
  const { manifest, pieces } = dataset;
  const histograms = countAll(dataset);
  const byLength = [...pieces].sort((a, b) => a.seconds - b.seconds);
  const ends = [byLength[0], byLength[byLength.length - 1]];
  const [shortest, longest] = ends.map(({ file, seconds }) => ({ file, seconds }));
  const { source, codec, sustain, programs, skipped } = manifest;
  const parts = {
    all: describePart(manifest),
    train: describePart(manifest, "train"),
    valid: describePart(manifest, "valid"),
  };
  return {
    dir,
    source,
    codec,
    sustain,
    programs,
    parts,
    shortest,
    longest,
    histograms,
    skipped,
  };
}

/** The description of a set as lines of text. */
export function formatSet(set: SetDescription): string {
  const { histograms: h } = set;
  const kept = set.programs ? `programs ${set.programs.join(", ")}` : "all programs but drums";
  const pedal = set.sustain ? "with" : "without";
  return [
    `${set.dir}: ${set.codec} codec, ${pedal} sustain pedal, ${kept}, made from ${set.source}`,
    "",
    ...formatParts(set),
    `shortest ${formatTime(set.shortest.seconds)} ${set.shortest.file}`,
    `longest  ${formatTime(set.longest.seconds)} ${set.longest.file}`,
    "",
    ...bars("events by kind", Object.entries(h.kinds)),
    ...bars("notes by octave (C4 is middle C)", octaves(h.pitches)),
    ...bars("notes by pitch class", h.pitchClasses.map((n, i) => [PITCH_NAMES[i], n])),
    ...bars("velocity events", grouped(h.velocityEvents, h.velocities)),
    ...bars("events by note density", h.densities.map((n, i) => [String(i), n])),
    ...bars(
      "pieces by minutes",
      h.pieceMinutes.map(({ below, pieces }) => [lessThan(below), pieces]),
    ),
    ...formatSkipped(set.skipped),
  ].join("\n");
}

/**
 * Tells what a MIDI file holds.
 *
 * @param path A path or address
 * @throws {IoError} If it may not be read
 * @throws {SyntaxError} If it is no MIDI file
 */
export async function describeMidi(path: string): Promise<MidiDescription> {
  const { bytes, midi } = await openMidi(path);
  const { notes, tempi, format, ticksPerQuarter, seconds, instruments } = midi;
  const pitch = rangeOf(notes.map((note) => note.pitch));
  const velocity = rangeOf(notes.map((note) => note.velocity));
  const tempo = rangeOf(tempi.map(({ bpm }) => bpm));
  return {
    file: path,
    bytes,
    format,
    ticksPerQuarter,
    seconds,
    notes: notes.length,
    notesOutsideKeys: countOutsideKeys(notes),
    pitch: pitch && { min: pitch.min, max: pitch.max },
    velocity,
    tempo: tempo &&
      { count: tempi.length, first: tempi[0].bpm, min: tempo.min, max: tempo.max },
    instruments,
  };
}

/**
 * Draws a MIDI file as a piano roll.
 *
 * @param path A path or address
 * @returns A PNG file
 * @throws Like {@linkcode describeMidi}
 */
export async function drawMidi(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const { midi } = await openMidi(path);
  return drawPianoRoll(midi.notes, { title: path.slice(path.search(/[^/\\]*$/)) });
}

/** The description of a MIDI file as lines of text. */
export function formatMidi(midi: MidiDescription): string {
  const { pitch, velocity, tempo } = midi;
  const outside = midi.notesOutsideKeys > 0 ? `, ${midi.notesOutsideKeys} outside the 88 keys` : "";
  const resolution = midi.ticksPerQuarter > 0
    ? `${midi.ticksPerQuarter} ticks a quarter`
    : "SMPTE time";
  return [
    `${midi.file}: MIDI format ${midi.format}, ${resolution}, ${midi.bytes} bytes`,
    `duration  ${formatTime(midi.seconds)}`,
    `notes     ${midi.notes}${outside}`,
    ...pitch ? [`pitch     ${pitchName(pitch.min)} to ${pitchName(pitch.max)}`] : [],
    ...velocity
      ? [`velocity  ${velocity.min} to ${velocity.max}, mean ${velocity.mean.toFixed(1)}`]
      : [],
    ...tempo
      ? [
        `tempo     ${tempo.first.toFixed(1)} bpm first, ${tempo.min.toFixed(1)} to ` +
        `${tempo.max.toFixed(1)}, set ${tempo.count} times`,
      ]
      : [],
    "instruments",
    ...midi.instruments.map(formatInstrument),
  ].join("\n");
}

async function openMidi(path: string): Promise<{ bytes: number; midi: MidiFile }> {
  const bytes = await readBytes(path, { maxBytes: MAX_MIDI_BYTES });
  try {
    return { bytes: bytes.length, midi: readMidi(bytes) };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SyntaxError(`Cannot read "${path}": ${cause.message}`, { cause });
  }
}

function describePart({ pieces }: Manifest, split?: Split): PartDescription {
  const part = { pieces: 0, events: 0, notes: 0, hours: 0 };
  for (const piece of pieces) {
    if (split && piece.split !== split) continue;
    part.pieces += 1;
    part.events += piece.events;
    part.notes += piece.notes;
    part.hours += piece.seconds / 3600;
  }
  return part;
}

function countAll(dataset: PerformanceDataset): SetHistograms {
  const { codec } = dataset.manifest;
  const { size, ranges, pitches: [lowest] } = vocabularyOf(codec);
  const counts = new Array<number>(size).fill(0);
  const densities = new Array<number>(12).fill(0);
  dataset.pieces.forEach((_, i) => {
    const { events, controls } = dataset.readPiece(i);
    for (const event of events) counts[event]++;
    for (let at = 0; at < controls.length; at += COMPRESSED_DIM) densities[controls[at]]++;
  });
  const ofKind = (kind: EventKind) => counts.slice(...ranges[kind]);
  const pitches = new Array<number>(128).fill(0);
  ofKind("noteOn").forEach((n, key) => pitches[lowest + key] = n);
  const pitchClasses = new Array<number>(12).fill(0);
  pitches.forEach((n, pitch) => pitchClasses[pitch % 12] += n);
  const sum = (kind: EventKind) => ofKind(kind).reduce((total, n) => total + n, 0);
  return {
    kinds: {
      noteOn: sum("noteOn"),
      noteOff: sum("noteOff"),
      velocity: sum("velocity"),
      timeShift: sum("timeShift"),
    },
    pitches,
    pitchClasses,
    velocityEvents: ofKind("velocity"),
    velocities: Array.from({ length: 32 }, (_, value) => velocityOf(value, codec)),
    timeShifts: ofKind("timeShift"),
    densities,
    pieceMinutes: countMinutes(dataset.pieces.map(({ seconds }) => seconds / 60)),
  };
}

/** The MIDI velocity of a note after velocity event `value`. */
function velocityOf(value: number, codec: Manifest["codec"]): number {
  const { velocity, noteOn, noteOff, timeShift } = vocabularyOf(codec).ranges;
  const events = [velocity[0] + value, noteOn[0], timeShift[0], noteOff[0]];
  return decodeEvents(events, codec)[0].velocity;
}

function countMinutes(minutes: readonly number[]): SetHistograms["pieceMinutes"] {
  const groups = [...MINUTE_EDGES, null].map((below) => ({ below, pieces: 0 }));
  for (const value of minutes) {
    groups.find(({ below }) => below === null || value < below)!.pieces++;
  }
  return groups;
}

function rangeOf(values: readonly number[]): { min: number; max: number; mean: number } | null {
  if (values.length === 0) return null;
  let [min, max, sum] = [Infinity, -Infinity, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { min, max, mean: sum / values.length };
}

function formatParts({ parts }: SetDescription): string[] {
  const rows = (["train", "valid", "all"] as const).map((name) => {
    const { pieces, events, notes, hours } = parts[name];
    return [name, pieces, events, notes, hours.toFixed(2)];
  });
  return [["part", "pieces", "events", "notes", "hours"], ...rows].map((row) =>
    row.map((cell, i) => i === 0 ? String(cell).padEnd(6) : String(cell).padStart(10)).join("")
  );
}

function formatInstrument({ name, track, program, channel, notes, drums }: Instrument): string {
  const what = drums ? `${name} (drums, left out)` : `${name} (program ${program})`;
  const named = track ? `, track "${track}"` : "";
  return `  ${what}, channel ${channel + 1}${named}: ${notes} notes`;
}

function octaves(pitches: readonly number[]): [string, number][] {
  const rows: [string, number][] = [];
  for (let first = 0; first < pitches.length; first += 12) {
    const notes = pitches.slice(first, first + 12).reduce((sum, n) => sum + n, 0);
    rows.push([`C${first / 12 - 1}`, notes]);
  }
  return rows;
}

/** Counts in groups of four, each under the range of its labels. */
function grouped(counts: readonly number[], labels: readonly number[]): [string, number][] {
  const rows: [string, number][] = [];
  for (let i = 0; i < counts.length; i += 4) {
    const n = counts.slice(i, i + 4).reduce((sum, value) => sum + value, 0);
    rows.push([`${labels[i]}-${labels[i + 3]}`, n]);
  }
  return rows;
}

function lessThan(minutes: number | null): string {
  return minutes === null ? `>= ${MINUTE_EDGES[MINUTE_EDGES.length - 1]}` : `< ${minutes}`;
}

function pitchName(pitch: number): string {
  return `${PITCH_NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1} (${pitch})`;
}
