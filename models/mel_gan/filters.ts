/** How the filters of MelGAN are kept, and how they start. @module */
import type { MelGanHParams } from "../../hparams/mel_gan.ts";
import { type FilterOptions, heNormal, normal } from "../nn/mod.ts";

/** Slope of the LeakyReLUs. */
export const SLOPE = 0.2;

/** What one layer is like at its start. */
export interface FilterStart {
  /** Numbers that one output adds up. */
  readonly fanIn: number;
  /** Whether a LeakyReLU stands before it; true if not given. */
  readonly activated?: boolean;
  /** Multiplies the deviation that keeps the variance; 1 if not given. */
  readonly scale?: number;
}

/** The options of the filters of one layer. */
export type Filters = (start: FilterStart) => FilterOptions;

/** Filters that start as `filterInit` says. */
export function filtersOf(
  { filterInit }: Pick<MelGanHParams, "filterInit">,
  { weightNorm = true }: { readonly weightNorm?: boolean } = {},
): Filters {
  return ({ fanIn, activated = true, scale }) => {
    if (filterInit === "uniform") return { weightNorm };
    const slope = activated ? SLOPE : 1;
    return {
      weightNorm,
      init: filterInit === "normal" ? normal(0.02) : heNormal(fanIn, { slope, scale }),
    };
  };
}
