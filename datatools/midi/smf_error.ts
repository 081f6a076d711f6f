/** The error of unreadable MIDI bytes. @module */

/**
 * Why a MIDI file cannot be read.
 *
 * @param what what was found and what was expected
 * @param at byte offset in the file
 * @param remedy what to do
 */
export function midiError(
  what: string,
  at: number,
  remedy = "the file is damaged; get it again or leave it out",
): SyntaxError {
  return new SyntaxError(`Cannot read MIDI: ${what} at byte ${at}; ${remedy}`);
}
