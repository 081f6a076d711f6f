/** Lengths and settings of a convolution, as every kernel of it needs them. @module */

/** Rows above, rows below, columns before, columns behind. */
export type Padding = readonly [top: number, bottom: number, left: number, right: number];

/** What the kernels are called with. */
export interface ConvolutionSettings {
  /** Along height and width. */
  readonly strides: readonly [number, number];
  /** Along height and width. */
  readonly dilations: readonly [number, number];
  readonly padding: Padding;
  readonly groups: number;
}

/** The lengths of x [batch, height, width, inChannels], of the filter and of the result, with the settings. */
export interface ConvolutionGeometry extends ConvolutionSettings {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
}

/** The length of a result along one axis; at most 0 where the kernel does not fit. */
export function convolvedLength(
  length: number,
  kernel: number,
  { stride, dilation, padding }: { stride: number; dilation: number; padding: number },
): number {
  return Math.floor((length + padding - dilation * (kernel - 1) - 1) / stride) + 1;
}

/** The geometry that follows from the shapes of x and of the filter. */
export function convolutionGeometry(
  xShape: readonly number[],
  filterShape: readonly number[],
  settings: ConvolutionSettings,
): ConvolutionGeometry {
  const [batch, height, width, inChannels] = xShape;
  const [kernelHeight, kernelWidth, , outChannels] = filterShape;
  const { strides, dilations, padding: [top, bottom, left, right], padding, groups } = settings;
  const along = (axis: 0 | 1, padding: number) => ({
    stride: strides[axis],
    dilation: dilations[axis],
    padding,
  });
  return {
    strides,
    dilations,
    padding,
    groups,
    batch,
    height,
    width,
    inChannels,
    kernelHeight,
    kernelWidth,
    outChannels,
    outHeight: convolvedLength(height, kernelHeight, along(0, top + bottom)),
    outWidth: convolvedLength(width, kernelWidth, along(1, left + right)),
  };
}

/** Along one axis: the input positions phase, phase + stride, ... and the taps that reach them. */
export interface Phase {
  readonly first: number;
  readonly count: number;
  /** The tap, and the position in dy that it takes to the first of them; may lie outside. */
  readonly taps: { readonly tap: number; readonly from: number }[];
}

/** Splits the positions of an input axis by what remains of their distance to a tap: each phase is an ordinary convolution. */
export function phasesOf(
  length: number,
  kernel: number,
  stride: number,
  dilation: number,
  before: number,
): Phase[] {
  const phases: Phase[] = [];
  for (let first = 0; first < Math.min(stride, length); first++) {
    const taps = [];
    for (let tap = kernel - 1; tap >= 0; tap--) {
      const at = first + before - tap * dilation;
      if (at % stride === 0) taps.push({ tap, from: at / stride });
    }
    phases.push({ first, count: Math.ceil((length - first) / stride), taps });
  }
  return phases;
}

/**
 * All phases of {@linkcode phasesOf} as one, for a length that is a multiple of the stride and taps without gaps: what it counts
 * are whole strides, and each of its taps stands for as many of the filter's, side by side from `tap` on.
 *
 * @returns The phase, its taps those of a filter with so many zeros before and behind it
 */
export function allPhases(
  length: number,
  kernel: number,
  stride: number,
  padding: number,
): { phase: Phase; before: number; behind: number } {
  const last = Math.ceil(padding / stride), before = last * stride - padding;
  const count = Math.ceil((before + kernel) / stride), behind = count * stride - before - kernel;
  const taps = Array.from({ length: count }, (_, i) => {
    return { tap: (count - 1 - i) * stride, from: last - (count - 1 - i) };
  });
  return { phase: { first: 0, count: length / stride, taps }, before, behind };
}
