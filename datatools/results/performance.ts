/** A piece for piano: notes that write, draw and play themselves. @module */
import { encodeWav } from "../audio/wav.ts";
import { type Note, notesSeconds, sortNotes } from "../midi/notes.ts";
import { renderNotes } from "../midi/render.ts";
import { writeMidi } from "../midi/smf.ts";
import { drawPianoRoll } from "../plot/piano_roll.ts";
import { jupyterDisplay, type MimeBundle, playerTag, pngTag } from "./display.ts";

/** What a performance is made of. */
export interface PerformanceParts {
  /** In any order. */
  notes: readonly Note[];
  /** The events of the codec that the notes were decoded from. */
  events?: Uint16Array;
  /** The events that a network drew, before they were repaired. */
  drawn?: Uint16Array;
  /** "Performance" if not given. */
  title?: string;
}

/** How a performance becomes sound. */
export interface PerformanceWavOptions {
  /** Bytes of a SoundFont 2 file; the piano of `assets/` if not given. */
  soundfont?: Uint8Array;
}

const maxPlayerSeconds = 180;

/**
 * A piece for piano. In a notebook it shows its piano roll and a player.
 *
 * @example
 * ```ts
 * import { Performance } from "./performance.ts";
 *
 * const notes = [60, 64, 67].map((pitch, i) => ({ pitch, velocity: 70, start: i, end: i + 1 }));
 * const performance = new Performance({ notes, title: "C major" });
 * console.assert(performance.seconds === 3);
 * const wav = await performance.toWav();
 * console.assert(wav.length > 44);
 * ```
 */
export class Performance {
  /** By onset, then by pitch. */
  readonly notes: readonly Note[];
  /** The events that the notes were decoded from, where there are any. */
  readonly events?: Uint16Array;
  /** The events that a network drew, before they were repaired. */
  readonly drawn?: Uint16Array;
  /** What is written above its picture. */
  readonly title: string;
  /** The last release, in seconds; 0 without notes. */
  readonly seconds: number;

  /** Takes the notes in any order. */
  constructor({ notes, events, drawn, title = "Performance" }: PerformanceParts) {
    this.notes = sortNotes(notes);
    this.events = events;
    this.drawn = drawn;
    this.title = title;
    this.seconds = notesSeconds(notes);
  }

  /** A Standard MIDI File with one piano track. */
  toMidi(): Uint8Array {
    return writeMidi(this.notes);
  }

  /**
   * The sound of a piano as a WAV file: 44.1 kHz, stereo, 16 bits.
   *
   * @throws {SyntaxError} If the SoundFont can't be read
   * @throws {RangeError} If the piece is longer than two hours
   */
  async toWav({ soundfont }: PerformanceWavOptions = {}): Promise<Uint8Array> {
    const { channels, sampleRate } = await renderNotes(this.notes, { soundfont });
    return encodeWav(channels, sampleRate);
  }

  /** The piano roll as a PNG file. */
  toPng(): Uint8Array {
    return drawPianoRoll(this.notes, { title: this.title });
  }

  /** What a notebook shows: piano roll and player. */
  async [jupyterDisplay](): Promise<MimeBundle> {
    const png = this.toPng();
    const player = playerTag(await this.#preview());
    const cut = this.seconds > maxPlayerSeconds
      ? `<div>The player has the first ${maxPlayerSeconds} of ${
        this.seconds.toFixed(0)
      } seconds.</div>`
      : "";
    return {
      "text/plain": this.toString(),
      "text/html": `<div>${pngTag(png, this.title)}<br>${player}${cut}</div>`,
      "image/png": png.toBase64(),
    };
  }

  /** For example `Performance "C major": 3 notes, 3.0 s`. */
  toString(): string {
    const { length } = this.notes;
    return `Performance "${this.title}": ${length} ${length === 1 ? "note" : "notes"}, ${
      this.seconds.toFixed(1)
    } s`;
  }

  /** Half the sample rate and one channel, so that a notebook stays small. */
  async #preview(): Promise<Uint8Array> {
    const notes = this.notes
      .filter(({ start }) => start < maxPlayerSeconds)
      .map((note) => ({ ...note, end: Math.min(note.end, maxPlayerSeconds) }));
    const { channels: [left, right], sampleRate } = await renderNotes(notes, { sampleRate: 22050 });
    return encodeWav([left.map((sample, i) => (sample + right[i]) / 2)], sampleRate);
  }
}
