/** The gradients of our kernels, the same on every backend. @module */
import {
  registerConvolutionGradients,
  registerStockConvolutionGradients,
} from "./convolution/gradient.ts";
import { registerBatchNormGradients } from "./batch_norm/gradient.ts";
import { registerCopyGradients } from "./copy/gradient.ts";
import { registerDropoutGradient } from "./dropout/gradient.ts";
import { registerElementGradients } from "./element/gradient.ts";
import { registerGatherGradient } from "./gather/gradient.ts";
import { registerLayerNormGradients } from "./layer_norm/gradient.ts";
import { registerLeakyReluGradients } from "./leaky_relu/gradient.ts";
import { registerMirrorPadGradients } from "./mirror_pad/gradient.ts";
import { registerPixelNormGradients } from "./pixel_norm/gradient.ts";
import { registerPoolingGradients } from "./pooling/gradient.ts";
import { registerWeightNormGradients } from "./weight_norm/gradient.ts";

/** Registers them all; once a process. */
export function registerGradients(): void {
  registerConvolutionGradients();
  registerStockConvolutionGradients();
  registerBatchNormGradients();
  registerGatherGradient();
  registerPixelNormGradients();
  registerLayerNormGradients();
  registerWeightNormGradients();
  registerCopyGradients();
  registerDropoutGradient();
  registerElementGradients();
  registerLeakyReluGradients();
  registerMirrorPadGradients();
  registerPoolingGradients();
}
