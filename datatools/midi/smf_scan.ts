/**
 * One bounded pass over the bytes of a Standard MIDI File (SMF 1.0, MIDI Manufacturers Association
 * 1996): checks every length before it is used, and keeps notes, pedal, programs and tempi in ticks.
 *
 * `@tonejs/midi` cannot stand here: it drops notes that are never released or that sound across a
 * program change, loses the channel of a track that holds pedal alone, and its time grows with the
 * square of the notes in some files. The tests hold the two against each other on sound files.
 *
 * @module
 */
import { SmfReader } from "./smf_reader.ts";
import { midiError } from "./smf_error.ts";

/** Largest file that is read, in bytes. */
export const MAX_BYTES = 64 * 2 ** 20;

/** Most notes, pedal, program and tempo changes together that are kept of one file. */
export const MAX_EVENTS = 2_000_000;

/** The channel that General MIDI keeps for drums, counted from 0. */
export const DRUM_CHANNEL = 9;

const SUSTAIN = 64;
const RESET_CONTROLS = 121;

/** Most tracks: what the header can announce. */
const MAX_TRACKS = 0xffff;

/** A note as the file has it. */
export interface TickNote {
  /** Which track, from 0. */
  track: number;
  /** 0..15. */
  channel: number;
  /** 0..127. */
  pitch: number;
  /** 1..127. */
  velocity: number;
  /** The tick of the note-on. */
  on: number;
  /** The tick of the note-off, Infinity when no note-off comes. */
  off: number;
  /** The program that this track has set on the channel, undefined when it has not. */
  program: number | undefined;
}

/** The sustain pedal (control change 64) of a channel going down, at 64 and above, or up. */
export interface PedalChange {
  /** When. */
  tick: number;
  /** 0..15. */
  channel: number;
  /** Whether it goes down. */
  down: boolean;
}

/** A channel getting another instrument. */
export interface ProgramChange {
  /** When. */
  tick: number;
  /** 0..15. */
  channel: number;
  /** General MIDI program, 0..127. */
  program: number;
}

/** The tempo from a tick on. */
export interface TempoChange {
  /** When. */
  tick: number;
  /** Microseconds per quarter note, above 0. */
  microseconds: number;
}

/** How long a tick is: part of a quarter note, whose length the tempo gives, or of a second (SMPTE). */
export type Division = { ticksPerQuarter: number } | { ticksPerSecond: number };

/** What one pass finds. */
export interface SmfScan {
  /** 0 or 1. */
  format: number;
  /** The length of a tick. */
  division: Division;
  /** One for each track, "" where the file gives none. */
  trackNames: string[];
  /** Track by track, in the order of their note-ons. */
  notes: TickNote[];
  /** Track by track, in order. */
  pedals: PedalChange[];
  /** Track by track, in order. */
  programs: ProgramChange[];
  /** Track by track, in order. */
  tempi: TempoChange[];
  /** The last tick of the longest track. */
  endTick: number;
}

/**
 * Scans a Standard MIDI File of format 0 or 1.
 *
 * @throws {SyntaxError} If the bytes are no such file, are cut off or damaged, or hold too much
 */
export function scanSmf(bytes: Uint8Array): SmfScan {
  if (bytes.length > MAX_BYTES) {
    throw midiError(
      `found ${bytes.length} bytes, expected at most ${MAX_BYTES}`,
      0,
      "split the file",
    );
  }
  const reader = new SmfReader(bytes);
  const { format, nTracks, division } = readHeader(reader);
  const scan: SmfScan = {
    format,
    division,
    trackNames: [],
    notes: [],
    pedals: [],
    programs: [],
    tempi: [],
    endTick: 0,
  };
  while (!isDone(reader, scan.trackNames.length, nTracks)) {
    const at = reader.position;
    const id = reader.text(4);
    const length = reader.uint32();
    reader.checkRoom(length, `chunk "${printable(id)}"`, at);
    if (id === "MTrk") new TrackScanner(reader, reader.position + length, scan).run();
    else reader.skip(length); // the standard asks to pass over unknown chunks
  }
  return scan;
}

function readHeader(reader: SmfReader): { format: number; nTracks: number; division: Division } {
  const id = reader.remaining >= 4 ? reader.text(4) : "";
  if (id !== "MThd") {
    throw midiError(
      `found "${printable(id)}", expected "MThd"`,
      0,
      id === "RIFF"
        ? "unwrap the RIFF container to a .mid file"
        : "this is no Standard MIDI File; leave it out",
    );
  }
  reader.checkRoom(10, "header", 0);
  const length = reader.uint32();
  if (length < 6) throw midiError(`header of ${length} bytes, expected 6 or more`, 4);
  reader.checkRoom(length, "header", 4);
  const end = reader.position + length;
  const [format, nTracks, division] = [reader.uint16(), reader.uint16(), reader.uint16()];
  if (format > 1) {
    throw midiError(
      `format ${format}, expected 0 or 1`,
      8,
      "save the file in format 1",
    );
  }
  if (nTracks === 0) throw midiError("0 tracks, expected at least 1", 10);
  reader.skip(end - reader.position);
  return { format, nTracks, division: readDivision(division) };
}

function readDivision(division: number): Division {
  if (division === 0) {
    throw midiError("0 ticks per quarter note, expected 1 or more", 12);
  }
  if (division < 0x8000) return { ticksPerQuarter: division };
  const frames = 0x100 - (division >> 8);
  const ticks = division & 0xff;
  if (![24, 25, 29, 30].includes(frames) || ticks === 0) {
    throw midiError(
      `SMPTE time of ${frames} frames a second and ${ticks} ticks a frame, ` +
        "expected 24, 25, 29 or 30 frames and 1 or more ticks",
      12,
    );
  }
  return { ticksPerSecond: (frames === 29 ? 30_000 / 1001 : frames) * ticks };
}

/** Whether to stop: all announced tracks are there, and no whole track follows. */
function isDone(reader: SmfReader, found: number, announced: number): boolean {
  if (found >= announced) return found >= MAX_TRACKS || !reader.isWholeChunkNext("MTrk");
  if (reader.remaining >= 8) return false;
  throw midiError(
    `the file ends after ${found} of the ${announced} tracks that the header announces`,
    reader.position + reader.remaining,
    "the file is cut off; get it again or leave it out",
  );
}

function printable(id: string): string {
  return id.replace(/[^\x20-\x7e]/g, "?");
}

/** The notes struck on one key of a channel, of which the first `released` have been released. */
interface OpenNotes {
  notes: TickNote[];
  released: number;
}

/** Scans the events of one track chunk, which ends at byte `end` of the file. */
class TrackScanner {
  readonly #reader: SmfReader;
  readonly #scan: SmfScan;
  readonly #track: number;
  readonly #open = new Map<number, OpenNotes>(); // per channel and pitch
  readonly #programs = new Map<number, number>();
  readonly #down = new Set<number>();
  #tick = 0;
  #status = 0;

  constructor(reader: SmfReader, readonly end: number, scan: SmfScan) {
    this.#reader = reader.until(end);
    this.#scan = scan;
    this.#track = scan.trackNames.push("") - 1;
    reader.skip(end - reader.position);
  }

  run(): void {
    let more = true;
    while (more && this.#reader.remaining > 0) {
      this.#tick += this.#reader.varint();
      const at = this.#reader.position;
      const byte = this.#reader.uint8();
      if (byte === 0xff) more = this.#meta();
      else if (byte === 0xf0 || byte === 0xf7) this.#reader.skip(this.#reader.varint());
      else this.#channelEvent(byte, at);
    }
    this.#scan.endTick = Math.max(this.#scan.endTick, this.#tick);
  }

  /** Returns false at the end of the track. */
  #meta(): boolean {
    const reader = this.#reader;
    const at = reader.position;
    const kind = reader.uint8();
    const length = reader.varint();
    reader.checkRoom(length, "meta event", at);
    if (kind === 0x51) {
      if (length !== 3) throw midiError(`tempo of ${length} bytes, expected 3`, at);
      const microseconds = reader.uint8() * 65536 + reader.uint16();
      if (microseconds === 0) {
        throw midiError("tempo of 0 microseconds per quarter note, expected 1 or more", at);
      }
      this.#keep(this.#scan.tempi, { tick: this.#tick, microseconds }, at);
    } else if (kind === 0x03 && this.#scan.trackNames[this.#track] === "") {
      this.#scan.trackNames[this.#track] = reader.name(length);
    } else reader.skip(length);
    return kind !== 0x2f;
  }

  #channelEvent(byte: number, at: number): void {
    const runs = byte < 0x80; // running status: the byte is data already
    const status = runs ? this.#status : byte;
    if (status === 0) {
      throw midiError(
        `found data byte ${byte} before any status byte, expected 128 to 255`,
        at,
      );
    }
    if (status >= 0xf0) {
      throw midiError(
        `found byte 0x${status.toString(16)}, which no MIDI file may hold, expected an event`,
        at,
      );
    }
    this.#status = status;
    const first = runs ? byte : this.#reader.data();
    const kind = status >> 4;
    const second = kind === 0xc || kind === 0xd ? 0 : this.#reader.data();
    const channel = status & 0xf;
    if (kind === 0x9 && second > 0) this.#noteOn(channel, first, second, at);
    else if (kind === 0x8 || kind === 0x9) this.#noteOff(channel, first);
    else if (kind === 0xb && first === SUSTAIN) this.#pedal(channel, second >= 64, at);
    else if (kind === 0xb && first === RESET_CONTROLS) this.#pedal(channel, false, at);
    else if (kind === 0xc) this.#program(channel, first, at);
  }

  #noteOn(channel: number, pitch: number, velocity: number, at: number): void {
    const note = {
      track: this.#track,
      channel,
      pitch,
      velocity,
      on: this.#tick,
      off: Infinity,
      program: this.#programs.get(channel),
    };
    this.#keep(this.#scan.notes, note, at);
    const key = channel * 128 + pitch;
    const open = this.#open.get(key);
    if (open === undefined) this.#open.set(key, { notes: [note], released: 0 });
    else open.notes.push(note);
  }

  /** Ends the oldest open note of the pitch; a note-off without one is passed over. */
  #noteOff(channel: number, pitch: number): void {
    const open = this.#open.get(channel * 128 + pitch);
    if (open === undefined || open.released === open.notes.length) return;
    open.notes[open.released++].off = this.#tick;
  }

  #pedal(channel: number, down: boolean, at: number): void {
    if (this.#down.has(channel) === down) return;
    if (down) this.#down.add(channel);
    else this.#down.delete(channel);
    this.#keep(this.#scan.pedals, { tick: this.#tick, channel, down }, at);
  }

  #program(channel: number, program: number, at: number): void {
    this.#programs.set(channel, program);
    this.#keep(this.#scan.programs, { tick: this.#tick, channel, program }, at);
  }

  #keep<T>(list: T[], item: T, at: number): void {
    const { notes, pedals, programs, tempi } = this.#scan;
    if (notes.length + pedals.length + programs.length + tempi.length >= MAX_EVENTS) {
      throw midiError(
        `more than ${MAX_EVENTS} notes, pedal, program and tempo changes`,
        at,
        "split the file",
      );
    }
    list.push(item);
  }
}
