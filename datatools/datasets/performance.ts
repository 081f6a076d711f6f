/** Windows and whole pieces of a prepared set, read from the disk when they are asked for. @module */
import { openForRandomRead, type RandomReader } from "../io.ts";
import { COMPRESSED_DIM } from "../midi/control_codec.ts";
import { vocabularyOf } from "../midi/events.ts";
import { eventFileOf, unpackEvents } from "./event_bytes.ts";
import { type Manifest, type Piece, readManifest, setFiles, type Split } from "./manifest.ts";

/** Which windows a {@linkcode PerformanceDataset} gives. */
export interface PerformanceDatasetOptions {
  /** The part of the set; both if not given. */
  split?: Split;
  /** Events in a window; 200 if not given. */
  windowSize?: number;
  /** Events from the start of one window to the next; 10 if not given. */
  strideSize?: number;
}

/** Where a window lies. */
export interface WindowPlace {
  /** Its index in `pieces`. */
  piece: number;
  /** Its first event, from the start of the piece. */
  start: number;
}

/** Space for events with their controls. */
export interface EncodedEvents {
  /** [events], of the set's codec. */
  events: Uint16Array;
  /** [events, 13]: the density and twelve histogram bytes of each event. */
  controls: Uint8Array;
}

/**
 * A prepared set, open for reading. Only the manifest is in memory. A piece of at least `windowSize` events
 * has windows at 0, `strideSize`, ... and always the last one that fits; a shorter piece has none and is
 * named in `shortPieces`. `using` closes it.
 */
export class PerformanceDataset implements Disposable {
  /** What the set holds. */
  readonly manifest: Manifest;
  /** The pieces of the chosen part, short ones too. */
  readonly pieces: readonly Piece[];
  /** The files of the pieces that are shorter than a window. */
  readonly shortPieces: readonly string[];
  /** Events in a window. */
  readonly windowSize: number;
  /** Events from the start of one window to the next. */
  readonly strideSize: number;
  /** Number of windows. */
  readonly nWindows: number;
  /** The folder of the set. */
  readonly dir: string;

  readonly #events: RandomReader;
  readonly #controls: RandomReader;
  /** Per piece, the index of its first window; one more at the end. */
  readonly #firstWindow: Float64Array;

  private constructor(dir: string, manifest: Manifest, options: PerformanceDatasetOptions) {
    const { split, windowSize = 200, strideSize = 10 } = options;
    checkSize("windowSize", windowSize);
    checkSize("strideSize", strideSize);
    this.dir = dir;
    this.manifest = manifest;
    this.windowSize = windowSize;
    this.strideSize = strideSize;
    this.pieces = manifest.pieces.filter((piece) => !split || piece.split === split);
    this.shortPieces = this.pieces.filter(({ events }) => events < windowSize).map((p) => p.file);
    this.#firstWindow = new Float64Array(this.pieces.length + 1);
    this.pieces.forEach(({ events }, i) => {
      const n = events < windowSize ? 0 : Math.ceil((events - windowSize) / strideSize) + 1;
      this.#firstWindow[i + 1] = this.#firstWindow[i] + n;
    });
    this.nWindows = this.#firstWindow[this.pieces.length];
    this.#events = openForRandomRead(`${dir}/${eventFileOf(manifest.codec).name}`);
    this.#controls = openForRandomRead(`${dir}/${setFiles.controls}`);
  }

  /**
   * Opens a prepared set.
   *
   * @param dir The folder that `prepareMidi` wrote
   * @throws {IoError} If it is no prepared set or may not be read
   * @throws {SyntaxError} If the manifest or a data file is damaged
   * @throws {RangeError} If a size is not a whole number of at least 1
   */
  static async open(
    dir: string,
    options: PerformanceDatasetOptions = {},
  ): Promise<PerformanceDataset> {
    return new PerformanceDataset(dir, await readManifest(dir), options);
  }

  /** Where window `i` lies. @throws {RangeError} If there is no such window */
  window(i: number): WindowPlace {
    if (!(Number.isInteger(i) && i >= 0 && i < this.nWindows)) {
      throw new RangeError(`There is no window ${i} in "${this.dir}": it has ${this.nWindows}`);
    }
    let low = 0; // the last piece whose first window is <= i
    let high = this.pieces.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#firstWindow[middle] <= i) low = middle;
      else high = middle;
    }
    const last = this.pieces[low].events - this.windowSize;
    return { piece: low, start: Math.min((i - this.#firstWindow[low]) * this.strideSize, last) };
  }

  /**
   * Reads window `i`.
   *
   * @param out Filled: `events` [windowSize], `controls` [windowSize, 13]
   * @throws {RangeError} If there is no such window
   * @throws {SyntaxError} If the data is damaged
   */
  read(i: number, out: EncodedEvents): void {
    const { piece, start } = this.window(i);
    this.readEvents(piece, start, out);
  }

  /**
   * Reads as many events as `out.events` holds.
   *
   * @param piece Index in `pieces`
   * @param start First event, from the start of the piece
   * @param out Filled: `events` [n], `controls` [n, 13]
   * @throws {RangeError} If the piece has no such events
   * @throws {SyntaxError} If the data is damaged
   */
  readEvents(piece: number, start: number, out: EncodedEvents): void {
    const { offset, events, file } = this.#piece(piece);
    const n = out.events.length;
    if (!(Number.isInteger(start) && start >= 0 && start + n <= events)) {
      throw new RangeError(
        `Cannot read events ${start} to ${start + n} of "${file}": it has ${events}`,
      );
    }
    if (out.controls.length !== n * COMPRESSED_DIM) {
      const expected = n * COMPRESSED_DIM;
      throw new RangeError(`controls has length ${out.controls.length}, expected ${expected}`);
    }
    const { codec } = this.manifest;
    const eventFile = eventFileOf(codec);
    const bytes = new Uint8Array(n * eventFile.width);
    this.#events.readAt((offset + start) * eventFile.width, bytes);
    unpackEvents(bytes, eventFile, out.events);
    this.#controls.readAt((offset + start) * COMPRESSED_DIM, out.controls);
    const { size } = vocabularyOf(codec);
    const bad = out.events.findIndex((event) => event >= size);
    if (bad >= 0) {
      throw new SyntaxError(
        `Cannot read "${this.dir}/${eventFile.name}": event ${offset + start + bad} is ` +
          `${out.events[bad]}, expected below ${size}; prepare the set again with --overwrite`,
      );
    }
  }

  /** Reads the whole of `pieces[i]`. @throws Like {@linkcode PerformanceDataset.readEvents} */
  readPiece(i: number): EncodedEvents {
    const { events } = this.#piece(i);
    const out = {
      events: new Uint16Array(events),
      controls: new Uint8Array(events * COMPRESSED_DIM),
    };
    this.readEvents(i, 0, out);
    return out;
  }

  /** Closes the files; closing twice is fine. */
  close(): void {
    this.#events.close();
    this.#controls.close();
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.close();
  }

  #piece(i: number): Piece {
    const piece = this.pieces[i];
    if (piece) return piece;
    throw new RangeError(`There is no piece ${i} in "${this.dir}": it has ${this.pieces.length}`);
  }
}

function checkSize(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(`${name} is ${value}, expected a whole number of at least 1`);
}
