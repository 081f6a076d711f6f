/**
 * Golden files `miditools-*.json`: note lists, events and controls of the Python original.
 *
 * What is checked follows from the keys. In each object, inputs are `input_notes`, or `events` and
 * `controls`, and every other key but a label is an expected output; a key unknown here throws.
 *
 * @module
 */
import {
  CONTROL_DIM,
  controlColumns,
  densityEdges,
  encodeControls,
  expandControls,
  measureControls,
  WINDOW_SECONDS,
} from "../../datatools/midi/control_codec.ts";
import {
  decodeEvents,
  describeEvent,
  encodeEvents,
  eventTimes,
  vocabularyOf,
} from "../../datatools/midi/event_codec.ts";
import { upstreamSettings, upstreamVelocities } from "../../datatools/midi/event_codec_upstream.ts";
import {
  adjustPitches,
  adjustTime,
  adjustVelocities,
  type Note,
  scaleVelocities,
  trimOverlaps,
  upstreamNoteSequence,
} from "../../datatools/midi/notes.ts";
import { upstreamMidiOptions } from "../../datatools/midi/smf_writer.ts";
import {
  transposeControls,
  transposeEvents,
  upstreamControlColumns,
} from "../../datatools/midi/transposition.ts";

// deno-lint-ignore no-explicit-any
type Json = any;
type Keyed = Record<string, Json>;

const vocabulary = vocabularyOf("upstream");
const TOLERANCE = 1e-9;
const labels = new Set(["name", "note", "description", "seed"]);
const pitchClasses = 12;
const controlParts = [["pitch_histogram", "histogram"], ["note_density", "density"]] as const;
const eventKinds = [
  ["note_on", "noteOn"],
  ["note_off", "noteOff"],
  ["velocity", "velocity"],
  ["time_shift", "timeShift"],
] as const;

/** The family of golden files, as the golden test runs it. */
export const miditools = {
  prefix: "miditools-",
  needsBackend: false,

  /** Compares every output of a file with ours. */
  check(file: { name: string; json: Json }): void {
    checkObject(file.json, file.name);
  },
};

function checkObject(json: Keyed, where: string): void {
  if (Array.isArray(json.cases)) {
    json.cases.forEach((item: Keyed, i: number) => checkObject(item, `${where} cases[${i}]`));
  }
  if (Array.isArray(json.results)) {
    json.results.forEach((item: Keyed, i: number) =>
      checkResult(json, item, `${where} results[${i}]`)
    );
  }
  const inputs = new Set(["cases", "results", ...inputsOf(json)]);
  for (const [key, expected] of Object.entries(json)) {
    if (labels.has(key) || inputs.has(key)) continue;
    compare(outputOf(json, key, where), expected, `${where} ${key}`);
  }
}

function inputsOf(json: Keyed): string[] {
  if ("input_notes" in json) return ["input_notes"];
  return ["events", "controls"];
}

/** One transposition of the events and controls of `inputs`. */
function checkResult(inputs: Keyed, result: Keyed, where: string): void {
  for (const [key, expected] of Object.entries(result)) {
    if (labels.has(key) || key === "offset") continue;
    const actual = transpositionOf(inputs, key, result.offset);
    if (actual === undefined) throw unknownKey(where, key);
    compare(actual, flat(expected), `${where} ${key}`);
  }
}

function transpositionOf(inputs: Keyed, key: string, offset: number): unknown {
  if (key === "events") return [...transposeEvents(Uint16Array.from(flat(inputs.events)), offset)];
  const controls = () => Float64Array.from(flat(inputs.controls));
  if (key === "controls_upstream") return [...transposeControls(controls(), offset, "upstream")];
  if (key === "controls_pitch_histogram_rolled") return [...transposeControls(controls(), offset)];
  return undefined;
}

function outputOf(json: Keyed, key: string, where: string): unknown {
  if (key in constants) return constants[key]();
  const sequence = "input_notes" in json
    ? upstreamNoteSequence(toNotes(json.input_notes))
    : undefined;
  if (sequence !== undefined) {
    const notes = notesOutput(sequence, key);
    if (notes !== undefined) return notes;
  }
  if (sequence !== undefined || "events" in json) {
    const events = sequence ? encodeEvents(sequence, "upstream") : toEvents(json.events);
    if (key in eventOutputs) return eventOutputs[key](events);
    const scale = /^round_trip_velocity_scaled_(.+)$/.exec(key);
    if (scale) {
      return velocities(scaleVelocities(roundTrip(events), toNumber(scale[1]), "upstream"));
    }
  }
  throw unknownKey(where, key);
}

/** What follows from the sorted notes; the number that an operation takes is part of its key. */
function notesOutput(notes: Note[], key: string): unknown {
  if (key === "note_seq") return fromNotes(notes);
  const adjust = /^adjust_(pitches|velocities|time)_(plus|minus)(.+)$/.exec(key);
  if (adjust) {
    const offset = toNumber(adjust[3]) * (adjust[2] === "plus" ? 1 : -1);
    if (adjust[1] === "pitches") return fromNotes(adjustPitches(notes, offset));
    if (adjust[1] === "time") return fromNotes(adjustTime(notes, offset));
    return fromNotes(adjustVelocities(notes, offset, "upstream"));
  }
  const trim = /^upstream_trim_overlapped_notes(?:_(.+))?$/.exec(key);
  if (trim) return fromNotes(trimOverlaps(notes, toNumber(trim[1] ?? "0"), "upstream"));
  return undefined;
}

const eventOutputs: Record<string, (events: Uint16Array) => unknown> = {
  events: (events) => [...events],
  event_dtype: (events) => events.every((event) => event < 256) ? "uint8" : "uint16",
  event_types: (events) =>
    described(events).map(({ kind }) => eventKinds.find(([, ours]) => ours === kind)?.[0]),
  event_values: (events) => described(events).map(({ value }) => value),
  event_times: (events) => [...eventTimes(events, vocabulary)],
  notes: (events) => fromNotes(roundTrip(events)),
  round_trip_notes: (events) => fromNotes(roundTrip(events)),
  events_of_round_trip: (events) => [...encodeEvents(roundTrip(events), "upstream")],
  control_compressed: (events) => rows(encodeControls(events, "upstream"), 1 + pitchClasses),
  control_note_density: (events) => [...measureControls(events).density],
  control_pitch_histogram: (events) => rows(measureControls(events).histogram, pitchClasses),
  control_recovered: (events) => {
    const out = new Float64Array(events.length * CONTROL_DIM);
    return rows(expandControls(encodeControls(events, "upstream"), out, "upstream"), CONTROL_DIM);
  },
  control0_to_array: (events) => {
    const { density, histogram } = measureControls(events);
    const control = new Array(CONTROL_DIM).fill(0);
    control[controlColumns.density[0] + density[0]] = 1;
    control.splice(controlColumns.histogram[0], pitchClasses, ...histogram.slice(0, pitchClasses));
    return control;
  },
};

const constants: Record<string, () => unknown> = {
  event_dim: () => vocabulary.size,
  control_dim: () => CONTROL_DIM,
  event_feat_dims: () => dims(eventKinds, vocabulary.ranges),
  event_feat_ranges: () => ranges(eventKinds, vocabulary.ranges),
  control_feat_dims: () => dims(controlParts, controlColumns),
  control_feat_ranges_as_declared: () => ranges(controlParts, upstreamControlColumns),
  control_layout_actual: () => ranges(controlParts, controlColumns),
  time_shift_bins: () => [...vocabulary.shiftSeconds],
  velocity_bins: () => [...upstreamVelocities],
  note_density_bins: () => densityEdges,
  window_size: () => WINDOW_SECONDS,
  pitch_range: () => vocabulary.pitches,
  velocity_range: () => upstreamSettings.velocityRange,
  default_note_length: () => upstreamSettings.noteSeconds,
  min_note_length: () => upstreamSettings.minNoteSeconds,
  default_velocity: () => upstreamSettings.velocity,
  default_resolution: () => upstreamMidiOptions.ticksPerQuarter,
  default_tempo: () => upstreamMidiOptions.tempo,
  default_saving_program: () => upstreamMidiOptions.program,
};

type Names = readonly (readonly [string, string])[];
type Ranges = Readonly<Record<string, readonly [number, number]>>;

function ranges(names: Names, of: Ranges): Keyed {
  return Object.fromEntries(names.map(([theirs, ours]) => [theirs, of[ours]]));
}

function dims(names: Names, of: Ranges): Keyed {
  return Object.fromEntries(names.map(([theirs, ours]) => [theirs, of[ours][1] - of[ours][0]]));
}

function roundTrip(events: Uint16Array): Note[] {
  return decodeEvents(events, "upstream");
}

function described(events: Uint16Array): { kind: string; value: number }[] {
  return [...events].map((event) => describeEvent(event, vocabulary)!);
}

/** The original passes over numbers that are no event. */
function toEvents(events: number[]): Uint16Array {
  return Uint16Array.from(events.filter((event) => event < vocabulary.size));
}

function toNotes({ pitch, velocity, start, end }: Keyed): Note[] {
  return pitch.map((p: number, i: number) => ({
    pitch: p,
    velocity: velocity[i],
    start: start[i],
    end: end[i],
  }));
}

function fromNotes(notes: readonly Note[]): Keyed {
  return {
    pitch: notes.map(({ pitch }) => pitch),
    velocity: velocities(notes),
    start: notes.map(({ start }) => start),
    end: notes.map(({ end }) => end),
  };
}

function velocities(notes: readonly Note[]): number[] {
  return notes.map(({ velocity }) => velocity);
}

/** The number at the end of a key: "0p05" is 0.05. */
function toNumber(text: string): number {
  const value = Number(text.replace("p", "."));
  if (Number.isNaN(value)) throw new Error(`Cannot read the number "${text}" of a golden key`);
  return value;
}

function rows(values: ArrayLike<number>, width: number): number[][] {
  return Array.from(
    { length: values.length / width },
    (_, i) => Array.from({ length: width }, (_, k) => values[i * width + k]),
  );
}

function flat(nested: Json): number[] {
  return Array.isArray(nested) ? nested.flat(Infinity) as number[] : [nested];
}

function unknownKey(where: string, key: string): Error {
  return new Error(`Cannot check ${where}: nothing is known to compute its output "${key}"`);
}

/** Every leaf equal; numbers within the tolerance, so integers exactly. */
function compare(actual: unknown, expected: unknown, where: string): void {
  if (typeof expected === "object" && expected !== null) {
    const [ours, theirs] = [actual as Keyed, expected as Keyed];
    const [found, wanted] = [shapeOf(ours), shapeOf(theirs)];
    if (found !== wanted) throw new Error(`${where} has ${found}, expected ${wanted}`);
    for (const key of Object.keys(theirs)) compare(ours[key], theirs[key], `${where}.${key}`);
    return;
  }
  const isEqual = typeof expected === "number"
    ? Math.abs((actual as number) - expected) <= TOLERANCE
    : actual === expected;
  if (!isEqual) throw new Error(`${where} is ${actual}, expected ${expected}`);
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} items`;
  const isObject = typeof value === "object" && value !== null;
  return isObject ? `keys ${Object.keys(value).sort().join()}` : `${value}`;
}
