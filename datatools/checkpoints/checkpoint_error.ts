/** The error of a checkpoint that cannot be used. @module */

/** A checkpoint that is broken or made for something else; `key` is the tensor at fault, if it is one. */
export class CheckpointError extends Error {
  /** The class name, so that a log line tells what it is. */
  override readonly name = "CheckpointError";
  /**
   * Makes the error.
   *
   * @param message As in `Cannot load "best.safetensors": "fc.bias" has shape [512], expected [256]`
   * @param key The tensor (or metadata entry) at fault, if it is one
   * @param options `cause`: the error underneath
   */
  constructor(message: string, readonly key?: string, options?: ErrorOptions) {
    super(message, options);
  }
}
