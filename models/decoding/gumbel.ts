/** Gumbel noise: adding it to log-probabilities and taking the largest draws from them. @module */

/**
 * Log-probabilities of the classes after one row of logits, in float64.
 *
 * @param temperature divides the logits
 */
export function logSoftmax(logits: Float32Array, temperature: number): Float64Array {
  const scaled = Float64Array.from(logits, (logit) => logit / temperature);
  const largest = scaled.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = scaled.reduce((total, value) => total + Math.exp(value - largest), 0);
  const norm = largest + Math.log(sum);
  return scaled.map((value) => value - norm);
}

/**
 * Standard Gumbel numbers, -ln(-ln u), each from 52 bits of two random words, so that no two classes tie.
 *
 * @param words [2 * n], uniform over all uint32
 */
export function gumbelNoise(words: Uint32Array): Float64Array {
  return Float64Array.from({ length: words.length / 2 }, (_, i) => {
    const high = words[2 * i]!, low = words[2 * i + 1]! >>> 12;
    const u = (high * 2 ** 20 + low + 0.5) / 2 ** 52; // never 0 or 1
    return -Math.log(-Math.log(u));
  });
}

/**
 * Moves Gumbel numbers so that their largest is `maximum`, as if they had been drawn with that condition:
 * -ln(e^-T - e^-Z + e^-G) with T = `maximum` and Z the largest G, as appendix B.3 of Kool et al. 2019 computes it.
 *
 * @returns -Infinity where the number was
 */
export function conditionMaximum(numbers: Float64Array, maximum: number): Float64Array {
  const largest = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  return numbers.map((number) => {
    if (number === -Infinity) return -Infinity;
    const v = maximum - number + logOneMinusExp(number - largest);
    return maximum - Math.max(0, v) - Math.log1p(Math.exp(-Math.abs(v)));
  });
}

/** ln(1 - e^x) of x <= 0 without loss of digits (Maechler 2012). */
function logOneMinusExp(x: number): number {
  return x > -Math.LN2 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x));
}
