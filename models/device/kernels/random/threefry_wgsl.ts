/** Threefry-2x32 with 20 rounds in WGSL: Salmon et al. 2011, doi:10.1145/2063384.2063405. @module */

/** `threefry(key, counter)`: two random words, as `datatools/random.ts` makes them. */
export const threefryWgsl = `
fn threefry(key: vec2u, counter: vec2u) -> vec2u {
  let keys = array<u32, 3>(key.x, key.y, 0x1BD11BDAu ^ key.x ^ key.y);
  let rotations = array<vec4u, 2>(vec4u(13, 15, 26, 6), vec4u(17, 29, 16, 24));
  var x = counter + key;
  for (var group = 1u; group <= 5; group++) {
    for (var i = 0; i < 4; i++) {
      let bits = rotations[(group + 1) % 2][i];
      x.x += x.y;
      x.y = (x.y << bits | x.y >> (32 - bits)) ^ x.x;
    }
    x += vec2u(keys[group % 3], keys[(group + 1) % 3] + group);
  }
  return x;
}
`;
