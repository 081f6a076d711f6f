// Where the pixels of a pass lie.

/**
 * Writes pairs (address in the source, address in the result) of `count` pixels; behind the last pixel it is repeated.
 * Arguments of the task that are read: 8 pixels in all, 9 rows of an image, 10 pixels of a row; bytes of the source between
 * 11 images, 12 rows, 13 pixels; of the result between 15 images, 16 rows, 17 pixels.
 */
export function placePixels(args: usize, source: usize, result: usize, first: i32, count: i32, to: usize): void {
  const height = load<i32>(args, 36), width = load<i32>(args, 40), end = to + (<usize>count << 3);
  const pixel = <usize>load<u32>(args, 52), resultPixel = <usize>load<u32>(args, 68);
  let left = load<i32>(args, 32) - first, row = first / width, x = first % width;
  while (to < end) {
    const image = <usize>(row / height), y = <usize>(row % height);
    let from = source + image * <usize>load<u32>(args, 44) + y * <usize>load<u32>(args, 48) + <usize>x * pixel;
    let at = result + image * <usize>load<u32>(args, 60) + y * <usize>load<u32>(args, 64) + <usize>x * resultPixel;
    for (; x < width && to < end; x++) {
      store<u32>(to, <u32>from);
      store<u32>(to, <u32>at, 4);
      to += 8;
      if (--left > 0) {
        from += pixel;
        at += resultPixel;
      } else x--; // stay
    }
    x = 0;
    row++;
  }
}
