/** The list of what a download has brought, in the form of the `sha256sum` program. @module */
import type { DownloadSource } from "./download_source.ts";
import { exists, readBytes, readText, remove, writeText } from "./io.ts";

/** The file in the output folder that lists what is there. */
export const HASH_LIST = "SHA256SUMS";

const COMPLETE = "# complete";

/** Which files a data set has. */
export interface FileRules {
  /** Whether a listed name may be one of the set, so that no list points elsewhere. */
  isOwnName: (file: string) => boolean;
  /** What is wrong with the bytes of a file that is not listed, or nothing. */
  problem: (bytes: Uint8Array) => string | undefined;
}

/** The list of hashes in the output folder. */
export class HashList {
  /** Whether all files of the site are there. */
  complete = false;
  readonly #hashes = new Map<string, string>();
  /** Listed files that are missing or changed; they count as not there. */
  readonly #broken = new Set<string>();

  private constructor(
    readonly out: string,
    readonly source: DownloadSource,
    readonly rules: FileRules,
  ) {}

  /** Reads the list in `out`; an empty one if there is none. @throws {IoError} */
  static async read(out: string, source: DownloadSource, rules: FileRules): Promise<HashList> {
    const list = new HashList(out, source, rules);
    const path = `${out}/${HASH_LIST}`;
    if (!await exists(path)) return list;
    const lines = (await readText(path, { maxBytes: 1 << 22 })).split("\n");
    for (const line of lines) {
      const [, hash, file] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
      if (hash && rules.isOwnName(file)) list.#hashes.set(file, hash);
    }
    list.complete = lines.includes(COMPLETE);
    return list;
  }

  /** Number of files that are there. */
  get size(): number {
    return this.#hashes.size - this.#broken.size;
  }

  /** Whether every listed file is there with its hash. */
  async allWhole(): Promise<boolean> {
    let whole = this.size > 0;
    for (const file of this.#hashes.keys()) whole = await this.isWhole(file) && whole;
    return whole;
  }

  /** Whether a file is there: with its hash, or (of a run that was killed) as a file without a problem. */
  async isWhole(file: string): Promise<boolean> {
    const path = `${this.out}/${file}`;
    const known = this.#hashes.get(file);
    const bytes = await exists(path) ? await readBytes(path) : undefined;
    const hash = bytes && await sha256(bytes);
    const whole = bytes !== undefined &&
      (known === undefined ? this.rules.problem(bytes) === undefined : hash === known);
    if (whole) this.#hashes.set(file, hash!);
    else if (known !== undefined) this.#broken.add(file);
    return whole;
  }

  /** Lists a file that has come; `bytes` are read from it if not given. */
  async add(file: string, bytes?: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#hashes.set(file, await sha256(bytes ?? await readBytes(`${this.out}/${file}`)));
    this.#broken.delete(file);
  }

  /** Writes the list of what is there, or removes it when nothing is. */
  async write(): Promise<void> {
    if (this.size === 0) return await remove(`${this.out}/${HASH_LIST}`);
    const { title, credit, licence } = this.source;
    const head = [`# ${title}`, `# credit: ${credit}`, `# licence: ${licence}`];
    const there = [...this.#hashes].filter(([file]) => !this.#broken.has(file));
    const sums = there.sort(([a], [b]) => a < b ? -1 : 1)
      .map(([file, hash]) => `${hash}  ${file}`);
    const lines = [...head, ...(this.complete ? [COMPLETE] : []), ...sums];
    await writeText(`${this.out}/${HASH_LIST}`, `${lines.join("\n")}\n`);
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
