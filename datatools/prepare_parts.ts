/** The data files of a set in the making, and how they become a set. @module */
import { MANIFEST_FILE, type SetManifest } from "./datasets/set_manifest.ts";
import { type Appender, openForAppend, remove, rename, writeText } from "./io.ts";

/** Ends the names of data files that are not complete. */
const PART = ".part";
/** All data files that a prepared set of any kind may have, and what is kept only while one is made. */
const dataFiles = ["events.u8", "events.u16", "controls.u8", "audio.i16", "audio.f32"];

/** Files under temporary names in the folder of a set; `using` closes them. */
export class PartFiles implements Disposable {
  readonly #out: string;
  readonly #open: Appender[] = [];

  /** Opens nothing yet. */
  constructor(out: string) {
    this.#out = out;
  }

  /** The path of a data file while it is made. */
  path(name: string): string {
    return `${this.#out}/${name}${PART}`;
  }

  /** Opens the data file that will be called `name`. @throws {IoError} */
  open(name: string): Appender {
    const file = openForAppend(this.path(name));
    this.#open.push(file);
    return file;
  }

  /** Waits until the disk has everything. */
  sync(): void {
    for (const file of this.#open) file.sync();
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of this.#open.splice(0)) file.close();
  }
}

/** Removes what a preparation that did not end has left. @throws {IoError} */
export async function removeParts(out: string): Promise<void> {
  for (const name of dataFiles) await remove(`${out}/${name}${PART}`);
}

/**
 * Gives the data its names: the old manifest and the data of other settings go first, the new manifest comes
 * last.
 *
 * @param names The data files of the new set
 * @throws {IoError}
 */
export async function publishSet(
  out: string,
  manifest: SetManifest,
  names: readonly string[],
): Promise<void> {
  await remove(`${out}/${MANIFEST_FILE}`);
  for (const name of dataFiles) {
    if (!names.includes(name)) await remove(`${out}/${name}`);
  }
  for (const name of names) await rename(`${out}/${name}${PART}`, `${out}/${name}`);
  await writeText(`${out}/${MANIFEST_FILE}`, `${JSON.stringify(manifest, null, 1)}\n`);
}
