/** Files that are open. @module */

/** A file open for reading at any place; `using` closes it. */
export interface RandomReader extends Disposable {
  /** Its length in bytes when it was opened. */
  readonly size: number;
  /**
   * Fills `out` with the bytes from `offset` on.
   *
   * @throws {RangeError} If the range is not inside the file
   * @throws {IoError} If reading fails or the file has become shorter
   */
  readAt(offset: number, out: Uint8Array): void;
  /** Closes the file; closing twice is fine. */
  close(): void;
}

/** A file open for adding at its end; `using` closes it. */
export interface Appender extends Disposable {
  /** Adds all of `bytes`, at once. @throws {IoError} If the disk is full or refuses */
  write(bytes: Uint8Array): void;
  /** Waits until the disk has everything written so far. */
  sync(): void;
  /** Closes the file; closing twice is fine. */
  close(): void;
}

/** A file that is there under its name only after `commit`; `await using` removes one that was not committed. */
export interface AtomicWriter extends AsyncDisposable {
  /** Adds all of `bytes` at the end. @throws {IoError} If the disk is full or refuses */
  write(bytes: Uint8Array): void;
  /** Replaces the first bytes, which were written before. @throws {IoError} */
  rewriteHead(bytes: Uint8Array): void;
  /** Gives the file its name, when the disk has all of it. Nothing may be written afterwards. @throws {IoError} */
  commit(): Promise<void>;
}
