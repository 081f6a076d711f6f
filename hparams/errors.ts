/** The one error of this folder. @module */

/** A hparam that does not exist or has a value that cannot be used. */
export class HParamsError extends RangeError {
  /** The hparam in question, as the user wrote it. */
  readonly field: string;

  /**
   * Makes the error.
   *
   * @param message What is wrong, what was expected, what to do
   * @param field The hparam in question
   */
  constructor(message: string, field: string) {
    super(message);
    this.name = "HParamsError";
    this.field = field;
  }
}
