/**
 * Standard MIDI Files: bytes to notes and back.
 *
 * @module
 */
import { instrumentName } from "../../deps/tonejs_midi.ts";
import { MAX_SECONDS } from "./event_codec.ts";
import { type Note, notesSeconds, sortNotes } from "./notes.ts";
import { midiError } from "./smf_error.ts";
import { DRUM_CHANNEL, scanSmf, type SmfScan, type TickNote } from "./smf_scan.ts";
import { countUpTo } from "./sorted.ts";
import { sustainedEnds } from "./sustain.ts";
import { type Tempo, TempoMap } from "./tempo_map.ts";

export type { Tempo } from "./tempo_map.ts";
export { writeMidi, type WriteMidiOptions } from "./smf_writer.ts";

/** Which notes of a file to take, and how long they sound. */
export interface ReadMidiOptions {
  /** Whether the sustain pedal lengthens notes; true by default. */
  sustain?: boolean;
  /** Whether to take the drum channel; false by default. */
  drums?: boolean;
  /** Which General MIDI programs 0..127 to take; all by default. Drums are not asked about. */
  programs?: (program: number) => boolean;
}

/** One part of a file: the notes of a track on one channel with one program. */
export interface Instrument {
  /** General MIDI name, such as "acoustic grand piano". */
  name: string;
  /** The name that the file gives to the track, "" if none. */
  track: string;
  /** General MIDI program, 0..127. */
  program: number;
  /** 0..15. */
  channel: number;
  /** Whether this is the drum channel. */
  drums: boolean;
  /** How many notes it has, whether they were asked for or not. */
  notes: number;
}

/** What a file holds. */
export interface MidiFile {
  /** The notes asked for, in the order of their onsets. */
  notes: Note[];
  /** When the last of these notes ends. */
  seconds: number;
  /** Tempo changes, the first at 0 s; none in a file in SMPTE time. */
  tempi: Tempo[];
  /** All parts of the file. */
  instruments: Instrument[];
  /** Resolution; 0 in a file in SMPTE time. */
  ticksPerQuarter: number;
  /** 0: one track; 1: several at once. */
  format: number;
}

/**
 * Reads a Standard MIDI File of format 0 or 1.
 *
 * Tracks are merged along the tempo map. A note that is never released ends with the file; of notes
 * of one pitch that overlap in a track, the first struck is the first released.
 *
 * @throws {SyntaxError} If the bytes are no such file, are cut off or damaged, or hold more than a week
 */
export function readMidi(bytes: Uint8Array, options: ReadMidiOptions = {}): MidiFile {
  const { sustain = true, drums = false, programs = () => true } = options;
  const scan = scanSmf(bytes);
  const map = new TempoMap(scan);
  const total = map.seconds(scan.endTick);
  if (total > MAX_SECONDS) {
    throw midiError(`the file lasts ${total} s, expected at most ${MAX_SECONDS} (a week)`, 0);
  }
  const ends = sustain
    ? sustainedEnds(scan.notes, scan.pedals, scan.endTick)
    : scan.notes.map(({ off }) => Math.min(off, scan.endTick));
  const parts = new Parts(scan);
  const notes: Note[] = [];
  scan.notes.forEach((note, i) => {
    const part = parts.count(note);
    if (part.drums ? !drums : !programs(part.program)) return;
    const { pitch, velocity, on } = note;
    notes.push({ pitch, velocity, start: map.seconds(on), end: map.seconds(ends[i]) });
  });
  return {
    notes: sortNotes(notes),
    seconds: notesSeconds(notes),
    tempi: map.tempi,
    instruments: parts.list,
    ticksPerQuarter: "ticksPerQuarter" in scan.division ? scan.division.ticksPerQuarter : 0,
    format: scan.format,
  };
}

/** Finds the part that each note belongs to. */
class Parts {
  readonly list: Instrument[] = [];
  readonly #parts = new Map<number, Instrument>();
  readonly #trackNames: readonly string[];
  readonly #changes: Map<number, { ticks: number[]; programs: number[] }>; // per channel

  constructor({ trackNames, programs }: SmfScan) {
    this.#trackNames = trackNames;
    const inOrder = [...programs].sort((a, b) => a.tick - b.tick);
    const ofChannels = Map.groupBy(inOrder, ({ channel }) => channel);
    this.#changes = new Map(
      [...ofChannels].map(([channel, changes]) => [channel, {
        ticks: changes.map(({ tick }) => tick),
        programs: changes.map(({ program }) => program),
      }]),
    );
  }

  /** The part of a note, with the note counted. */
  count(note: TickNote): Instrument {
    const program = note.program ?? this.#programOfOthers(note);
    const key = (note.track * 16 + note.channel) * 128 + program;
    let part = this.#parts.get(key);
    if (part === undefined) {
      const drums = note.channel === DRUM_CHANNEL;
      part = {
        name: instrumentName(program, drums),
        track: this.#trackNames[note.track],
        program,
        channel: note.channel,
        drums,
        notes: 0,
      };
      this.#parts.set(key, part);
      this.list.push(part);
    }
    part.notes++;
    return part;
  }

  /** The program that another track has set on the channel by then, 0 if none has. */
  #programOfOthers({ channel, on }: TickNote): number {
    const changes = this.#changes.get(channel);
    return changes?.programs[countUpTo(changes.ticks, on) - 1] ?? 0;
  }
}
