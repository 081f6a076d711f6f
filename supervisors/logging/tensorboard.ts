/**
 * Event files that TensorBoard reads, written without TensorFlow: records framed by their length and masked
 * CRC-32C, each an `Event` message. Field numbers are those of `event.proto`, `summary.proto` and
 * `tensor.proto` in https://github.com/tensorflow/tensorboard (folder `tensorboard/compat/proto`).
 *
 * @module
 */
import { type Appender, listFiles, makeDir, openForAppend } from "../../datatools/io.ts";
import { crc32c, maskCrc } from "./crc32c.ts";
import { pngFacts, wavFacts } from "./media_header.ts";
import {
  bytesField,
  doubleField,
  type Encoded,
  floatField,
  integerField,
  join,
  stringField,
} from "./protobuf.ts";

/** How an event file is begun. */
export interface EventFileOptions {
  /** End of the file's name; `coopertunes` if not given. */
  name?: string;
  /** The first step that will be written anew: TensorBoard then drops it and later ones of older files. */
  restartAt?: number;
  /** Seconds since 1970, for tests. */
  now?: () => number;
}

/** Writes one event file; several in one folder are one run to TensorBoard. `using` closes it. */
export class EventFileWriter implements Disposable {
  readonly #file: Appender;
  readonly #now: () => number;

  private constructor(readonly path: string, now: () => number) {
    this.#file = openForAppend(path);
    this.#now = now;
  }

  /**
   * Begins a new file in `dir`, later in order than those that are there.
   *
   * @param dir Folder of the run's events, made if it is missing
   * @throws {IoError} If it may not be written or the disk is full
   */
  static async open(dir: string, options: EventFileOptions = {}): Promise<EventFileWriter> {
    const { name = "coopertunes", restartAt, now = () => Date.now() / 1000 } = options;
    await makeDir(dir);
    const older = (await listFiles(dir)).map((file) => Number(/tfevents\.(\d+)\./.exec(file)?.[1]));
    const latest = Math.max(0, ...older.filter(Number.isFinite));
    const seconds = String(Math.max(Math.floor(now()), latest + 1)).padStart(10, "0");
    const writer = new EventFileWriter(`${dir}/events.out.tfevents.${seconds}.${name}`, now);
    writer.#event(0, stringField(3, "brain.Event:2"));
    if (restartAt !== undefined) writer.#event(restartAt, bytesField(7, integerField(1, 1))); // START
    return writer;
  }

  /** Adds one point to the curve `tag`. */
  scalar(tag: string, value: number, step: number): void {
    this.scalars({ [tag]: value }, step);
  }

  /** Adds one point to each of several curves. */
  scalars(values: Readonly<Record<string, number>>, step: number): void {
    const all = Object.entries(values).map(([tag, value]) =>
      summaryValue(tag, floatField(2, value))
    );
    if (all.length > 0) this.#event(step, bytesField(5, join(...all)));
  }

  /** Adds a text in Markdown. */
  text(tag: string, markdown: string, step: number): void {
    const plugin = bytesField(1, stringField(1, "text"));
    const metadata = join(plugin, integerField(4, 2)); // DATA_CLASS_TENSOR
    const shape = bytesField(2, integerField(1, 1)); // one axis of size 1
    const tensor = join(integerField(1, 7), bytesField(2, shape), stringField(8, markdown)); // DT_STRING
    const value = summaryValue(tag, join(bytesField(8, tensor), bytesField(9, metadata)));
    this.#event(step, bytesField(5, value));
  }

  /** Adds a picture. @param png A PNG file @throws {SyntaxError} If it is none */
  image(tag: string, png: Uint8Array, step: number): void {
    const { width, height } = pngFacts(png);
    const image = join(
      integerField(1, height),
      integerField(2, width),
      integerField(3, 3), // RGB
      bytesField(4, png),
    );
    this.#event(step, bytesField(5, summaryValue(tag, bytesField(4, image))));
  }

  /** Adds a sound. @param wav A WAV file @throws {SyntaxError} If it is none */
  audio(tag: string, wav: Uint8Array, step: number): void {
    const { sampleRate, nChannels, nFrames } = wavFacts(wav);
    const audio = join(
      floatField(1, sampleRate),
      integerField(2, nChannels),
      integerField(3, nFrames),
      bytesField(4, wav),
      stringField(5, "audio/wav"),
    );
    this.#event(step, bytesField(5, summaryValue(tag, bytesField(6, audio))));
  }

  /** Closes the file; closing twice is fine. */
  close(): void {
    this.#file.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }

  #event(step: number, content: Encoded): void {
    const event = join(doubleField(1, this.#now()), integerField(2, step), content);
    this.#file.write(encodeRecord(event));
  }
}

/** A record of TensorFlow's format: length, its checksum, the data, its checksum. */
export function encodeRecord(data: Uint8Array): Encoded {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskCrc(crc32c(out.subarray(0, 8))), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, maskCrc(crc32c(data)), true);
  return out;
}

/** A `Summary.Value` as a field of its `Summary`. */
function summaryValue(tag: string, content: Encoded): Encoded {
  return bytesField(1, join(stringField(1, tag), content));
}
