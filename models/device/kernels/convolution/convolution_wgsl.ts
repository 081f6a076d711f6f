/** What convolutions multiply, for the tilings of `product_wgsl.ts`. @module */

/**
 * A pass over pixels. Rows: pixels of the result. Inner: taps and channels of the source. Columns: channels of the result.
 * `z`: the group. What lies outside of the source counts as 0.
 */
export const passSource = `
struct Sizes {
  rows: u32, columns: u32, groups: u32, perGroup: u32, tapsDown: u32, tapsAcross: u32,
  height: u32, width: u32, sourceHeight: i32, sourceWidth: i32, channels: u32,
  strideDown: i32, strideAcross: i32, firstDown: i32, stepDown: i32, firstAcross: i32, stepAcross: i32,
  filterFirst: i32, filterDown: i32, filterAcross: i32, filterColumn: u32, filterNext: u32, filterGroup: u32,
  outImage: u32, outRow: u32, outPixel: u32, outFirst: u32, biased: u32,
}
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

struct Row { image: i32, y: i32, x: i32, first: u32 }
struct Column { at: u32 }
struct Inner { down: i32, across: i32, channel: u32, at: u32 }
fn productCount() -> u32 { return sizes.groups; }
fn rowCount() -> u32 { return sizes.rows; }
fn columnCount() -> u32 { return sizes.columns; }
fn leftAlongInner() -> bool { return true; }
fn rightAlongInner() -> bool { return sizes.filterNext == 1u; }
fn firstInner(z: u32) -> u32 { return 0u; }
fn endInner(z: u32) -> u32 { return sizes.tapsDown * sizes.tapsAcross * sizes.perGroup; }
fn rowAt(z: u32, i: u32) -> Row {
  let y = i32(i / sizes.width % sizes.height);
  let x = i32(i % sizes.width);
  return Row(
    i32(i / (sizes.width * sizes.height)),
    y * sizes.strideDown + sizes.firstDown,
    x * sizes.strideAcross + sizes.firstAcross,
    z * sizes.perGroup,
  );
}
fn columnAt(z: u32, j: u32) -> Column {
  return Column(z * sizes.filterGroup + j * sizes.filterColumn);
}
fn innerAt(k: u32) -> Inner {
  let tap = k / sizes.perGroup;
  let channel = k % sizes.perGroup;
  let m = i32(tap / sizes.tapsAcross);
  let n = i32(tap % sizes.tapsAcross);
  let at = u32(sizes.filterFirst + m * sizes.filterDown + n * sizes.filterAcross);
  return Inner(m * sizes.stepDown, n * sizes.stepAcross, channel, at + channel * sizes.filterNext);
}
fn left(row: Row, inner: Inner) -> f32 {
  let y = row.y + inner.down;
  let x = row.x + inner.across;
  if (y < 0 || y >= sizes.sourceHeight || x < 0 || x >= sizes.sourceWidth) { return 0.0; }
  let pixel = u32((row.image * sizes.sourceHeight + y) * sizes.sourceWidth + x);
  return source[pixel * sizes.channels + row.first + inner.channel];
}
fn right(inner: Inner, column: Column) -> f32 { return weights[inner.at + column.at]; }
fn finish(z: u32, i: u32, j: u32, sum: f32) {
  let channel = z * sizes.columns + j;
  let image = i / (sizes.width * sizes.height);
  let y = i / sizes.width % sizes.height;
  let x = i % sizes.width;
  var value = sum;
  if (sizes.biased == 1u) { value += bias[channel]; }
  result[image * sizes.outImage + y * sizes.outRow + x * sizes.outPixel + sizes.outFirst + channel] = value;
}
`;

/**
 * The filter's gradient. Rows: taps and channels of a group. Inner: pixels of a part. Columns: channels of the result.
 * `z`: the group, once for each part of the pixels.
 */
export const filterGradientSource = `
struct Sizes {
  perGroup: u32, columns: u32, groups: u32, parts: u32, partLength: u32, pixels: u32,
  kernelHeight: u32, kernelWidth: u32, outHeight: u32, outWidth: u32, outChannels: u32,
  height: i32, width: i32, channels: u32,
  strideDown: i32, strideAcross: i32, dilationDown: i32, dilationAcross: i32, top: i32, before: i32,
}
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

struct Row { down: i32, across: i32, channel: u32 }
struct Column { at: u32 }
struct Inner { image: i32, y: i32, x: i32, pixel: u32 }
fn productCount() -> u32 { return sizes.groups * sizes.parts; }
fn rowCount() -> u32 { return sizes.kernelHeight * sizes.kernelWidth * sizes.perGroup; }
fn columnCount() -> u32 { return sizes.columns; }
fn leftAlongInner() -> bool { return false; }
fn rightAlongInner() -> bool { return false; }
fn firstInner(z: u32) -> u32 { return z / sizes.groups * sizes.partLength; }
fn endInner(z: u32) -> u32 { return min(sizes.pixels, firstInner(z) + sizes.partLength); }
fn rowAt(z: u32, i: u32) -> Row {
  let tap = i / sizes.perGroup;
  return Row(
    i32(tap / sizes.kernelWidth) * sizes.dilationDown - sizes.top,
    i32(tap % sizes.kernelWidth) * sizes.dilationAcross - sizes.before,
    z % sizes.groups * sizes.perGroup + i % sizes.perGroup,
  );
}
fn columnAt(z: u32, j: u32) -> Column { return Column(z % sizes.groups * sizes.columns + j); }
fn innerAt(k: u32) -> Inner {
  let y = i32(k / sizes.outWidth % sizes.outHeight) * sizes.strideDown;
  let x = i32(k % sizes.outWidth) * sizes.strideAcross;
  return Inner(i32(k / (sizes.outWidth * sizes.outHeight)), y, x, k * sizes.outChannels);
}
fn left(row: Row, inner: Inner) -> f32 {
  let y = inner.y + row.down;
  let x = inner.x + row.across;
  if (y < 0 || y >= sizes.height || x < 0 || x >= sizes.width) { return 0.0; }
  return source[u32((inner.image * sizes.height + y) * sizes.width + x) * sizes.channels + row.channel];
}
fn right(inner: Inner, column: Column) -> f32 { return dy[inner.pixel + column.at]; }
fn finish(z: u32, i: u32, j: u32, sum: f32) {
  let line = z / sizes.groups * rowCount() + i;
  result[line * sizes.outChannels + z % sizes.groups * sizes.columns + j] = sum;
}
`;
