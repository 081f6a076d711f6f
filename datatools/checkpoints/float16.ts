/** Half-width floats (IEEE 754 binary16 and bfloat16) as their bits, to and from float32. @module */

/** The bits of each value as IEEE half floats, rounded to nearest even; past 65504 they are infinite. */
export function toFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  return new Uint16Array(new Float16Array(values).buffer);
}

/** The values of IEEE half floats given as bits. */
export function fromFloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  return new Float32Array(new Float16Array(bits.buffer, bits.byteOffset, bits.length));
}

/** The values of bfloat16 numbers (the upper half of a float32) given as bits. */
export function fromBfloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = bits[i] << 16;
  return new Float32Array(out.buffer);
}
