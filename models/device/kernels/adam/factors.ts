/** The numbers of one step of Adam: Kingma & Ba 2015, arXiv:1412.6980, section 2. @module */

/** What a step of Adam depends on besides the tensors. */
export interface AdamSettings {
  /** Step size before the bias correction. */
  readonly learningRate: number;
  /** Decay of the mean of the gradient, in [0, 1). */
  readonly beta1: number;
  /** Decay of the mean of the squared gradient, in [0, 1). */
  readonly beta2: number;
  /** Added to the root of the second moment after its bias correction. */
  readonly epsilon: number;
  /** Share of a parameter that a step takes away, times the learning rate: AdamW. */
  readonly weightDecay: number;
  /** Which step this is, from 1. */
  readonly step: number;
}

/** The settings with the bias corrections worked out. */
export interface AdamFactors {
  /** As in the settings. */
  readonly beta1: number;
  /** As in the settings. */
  readonly beta2: number;
  /** As in the settings. */
  readonly epsilon: number;
  /** learningRate / (1 - beta1^step) */
  readonly stepSize: number;
  /** The root of 1 - beta2^step. */
  readonly rootCorrection: number;
  /** 1 - learningRate * weightDecay */
  readonly keep: number;
}

/** Works out the bias corrections of one step. */
export function adamFactors(settings: AdamSettings): AdamFactors {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = settings;
  return {
    beta1,
    beta2,
    epsilon,
    stepSize: learningRate / (1 - beta1 ** step),
    rootCorrection: Math.sqrt(1 - beta2 ** step),
    keep: 1 - learningRate * weightDecay,
  };
}
