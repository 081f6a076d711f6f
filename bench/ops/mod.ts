/** How fast single operations are. @module */
import type { BenchSettings, Figure } from "../figure.ts";
import { memoryFigures } from "../measure.ts";
import { convolutionCases1d2d } from "./convolutions.ts";
import { memoryCases } from "./memory.ts";
import { measureRates } from "./op_case.ts";
import { isSlow, measurePeaks, rateFigure } from "./peaks.ts";
import { productCases } from "./products.ts";

/** GFLOPS of products, GB/s of what moves numbers, and their share of the peaks, for names that hold `filter`. */
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
  const { peaks, figures } = await measurePeaks(small, runs);
  yield* figures;
  for (const opCase of chosen) {
    yield rateFigure(peaks, opCase.name, opCase.unit, await measureRates(opCase, runs));
  }
  yield* memoryFigures();
}
