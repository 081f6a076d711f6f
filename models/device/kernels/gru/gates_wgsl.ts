/** The functions of a GRU's gates in WGSL. @module */

/** `sigmoid(v)` and `tanhOf(v)`, both without overflow; NaN stays NaN. */
export const gatesWgsl = `
fn sigmoid(v: f32) -> f32 {
  let e = exp(-abs(v));
  return select(e, 1.0, v >= 0) / (1 + e);
}

fn tanhOf(v: f32) -> f32 {
  let e = exp(-2 * abs(v));
  return sign(v) * (1 - e) / (1 + e);
}
`;
