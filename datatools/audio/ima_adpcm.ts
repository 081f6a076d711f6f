/** IMA ADPCM as WAV files hold it: Microsoft, "Multimedia Standards Update", 1994, "IMA ADPCM Wave Type". @module */

const indexSteps = [-1, -1, -1, -1, 2, 4, 6, 8];
const maxIndex = 88;
// deno-fmt-ignore
const stepTable = [
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66,
  73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449,
  494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272,
  2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493,
  10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
];

/** How many frames a block of `blockAlign` bytes holds: the first whole, the others in 4 bits. */
export function adpcmFramesPerBlock(blockAlign: number, nChannels: number): number {
  return 2 * (blockAlign / nChannels - 4) + 1;
}

/**
 * Decodes whole blocks of `blockAlign` bytes: for each channel the first sample and its step, then 4 bytes of each
 * channel in turn, the low half of a byte first.
 *
 * @returns One array a channel, at full scale 1
 */
export function decodeAdpcm(
  bytes: Uint8Array,
  { blockAlign, nChannels }: { readonly blockAlign: number; readonly nChannels: number },
): Float32Array[] {
  const perBlock = adpcmFramesPerBlock(blockAlign, nChannels);
  const nBlocks = Math.floor(bytes.length / blockAlign);
  return Array.from({ length: nChannels }, (_, channel) => {
    const samples = new Float32Array(nBlocks * perBlock);
    for (let block = 0; block < nBlocks; block++) {
      const out = samples.subarray(block * perBlock, (block + 1) * perBlock);
      const start = block * blockAlign + 4 * channel;
      decodeChannel(bytes.subarray(start, (block + 1) * blockAlign), 4 * nChannels, out);
    }
    return samples;
  });
}

/** One channel of a block: 4 bytes of it at every `stride`. */
function decodeChannel(bytes: Uint8Array, stride: number, out: Float32Array): void {
  let value = (bytes[0] | bytes[1] << 8) << 16 >> 16;
  let index = Math.min(bytes[2], maxIndex);
  out[0] = value / 32768;
  for (let i = 1; i < out.length; i++) {
    const nth = i - 1; // of the 4-bit samples, 8 in 4 bytes
    const byte = bytes[stride * (1 + (nth >> 3)) + (nth >> 1 & 3)];
    const code = nth % 2 === 0 ? byte & 15 : byte >> 4;
    const step = stepTable[index];
    let change = step >> 3;
    if (code & 4) change += step;
    if (code & 2) change += step >> 1;
    if (code & 1) change += step >> 2;
    value = Math.max(-32768, Math.min(32767, code & 8 ? value - change : value + change));
    index = Math.max(0, Math.min(maxIndex, index + indexSteps[code & 7]));
    out[i] = value / 32768;
  }
}
