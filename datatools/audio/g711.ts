/** Telephone sound in 8 bits a sample, A-law and mu-law: ITU-T G.711, 1988. @module */

/** The value at full scale 1 of each A-law byte. */
export const aLawTable: Float32Array = table(
  0x55,
  (exponent, mantissa) =>
    exponent === 0 ? 16 * mantissa + 8 : (16 * mantissa + 264) << (exponent - 1),
);

/** The value at full scale 1 of each mu-law byte. */
export const muLawTable: Float32Array = table(
  0x7f,
  (exponent, mantissa) => ((8 * mantissa + 132) << exponent) - 132,
);

/** Bytes are sign (1: positive), 3 bits of exponent and 4 of mantissa, with the bits of `mask` turned. */
function table(
  mask: number,
  magnitude: (exponent: number, mantissa: number) => number,
): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => {
    const bits = byte ^ mask;
    const value = magnitude(bits >> 4 & 7, bits & 15) / 32768;
    return bits & 0x80 ? value : 0 - value;
  });
}
