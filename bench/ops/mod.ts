/** How fast single operations are. @module */
import type { BenchSettings, Figure } from "../figure.ts";
import { memoryFigures } from "../measure.ts";
import { convolutionCases1d2d } from "./convolutions.ts";
import { memoryCases } from "./memory.ts";
import { measureRates, type OpCase } from "./op_case.ts";
import { higher, isSlow, measurePeaks, peakFigures, rateFigure } from "./peaks.ts";
import { productCases } from "./products.ts";

/** GFLOPS of products, GB/s of what moves numbers, and their share of the peaks, for names that hold `filter`; all at the end. */
export async function* benchOps(
  { runs, backend, filter }: BenchSettings,
): AsyncGenerator<Figure> {
  const small = isSlow(backend);
  const cases = [...productCases(small), ...convolutionCases1d2d(small), ...memoryCases(small)];
  const chosen = cases.filter(({ name }) => name.includes(filter));
  if (chosen.length === 0) {
    throw new RangeError(
      `No operation is called "${filter}"; choose a part of ${
        cases.map(({ name }) => name).join(", ")
      }`,
    );
  }
  const before = await measurePeaks(small);
  const rates: (readonly [OpCase, number[]])[] = [];
  for (const opCase of chosen) rates.push([opCase, await measureRates(opCase, runs)]);
  const memory = memoryFigures();
  const peaks = higher(before, await measurePeaks(small)); // other work on the machine passes
  yield* peakFigures(peaks);
  for (const [{ name, unit }, values] of rates) yield rateFigure(peaks, name, unit, values);
  yield* memory;
}
