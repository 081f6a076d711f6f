/** The hparams that the shapes of a network tell. @module */
import { CheckpointError } from "../../datatools/checkpoints/safetensors.ts";
import type { StateDict } from "../../datatools/checkpoints/torch.ts";
import { eventDims } from "../../hparams/codec.ts";
import type { MelGanHParams } from "../../hparams/mel_gan.ts";
import type { PerformanceRnnHParams } from "../../hparams/performance_rnn.ts";

/** Samples of a training crop where no file says how many. */
const SEQ_LEN = 8192;

type Axis = (key: string, index: number) => number;

/** Reads lengths of axes. @throws {CheckpointError} If a key is missing */
function axisOf(state: StateDict, source: string): Axis {
  return (key, index) => {
    const size = state.get(key)?.shape[index];
    if (size !== undefined) return size;
    throw new CheckpointError(`Cannot convert "${source}": "${key}" is missing`, key);
  };
}

const countOf = (state: StateDict, pattern: RegExp) =>
  [...state.keys()].filter((key) => pattern.test(key)).length;

/**
 * The sizes of a network over piano events.
 *
 * @throws {CheckpointError} If a key that tells one is missing
 */
export function eventSizes(state: StateDict, source: string): Partial<PerformanceRnnHParams> {
  const axis = axisOf(state, source), eventDim = axis("event_embedding.weight", 0);
  return {
    initDim: axis("inithid_fc.weight", 1),
    eventDim,
    controlDim: axis("concat_input_fc.weight", 1) - eventDim - 1,
    hiddenDim: axis("concat_input_fc.weight", 0),
    gruLayers: countOf(state, /^gru\.weight_ih_l/),
    ...eventDim === eventDims.magenta ? { codec: "magenta" } : {},
  };
}

/**
 * The sizes of a generator of MelGAN, and of the discriminators beside it where they are there. The front end is
 * the original's but for the bands and the hop.
 *
 * @throws {CheckpointError} If a key that tells one is missing
 */
export function melGanSizes(
  generator: StateDict,
  discriminator: StateDict | undefined,
  source: string,
): Partial<MelGanHParams> {
  const axis = axisOf(generator, source), upsampling = /^model\.\d+\.weight_v$/;
  const generatorRatios = [...generator].filter(([key]) => upsampling.test(key)).slice(1, -1)
    .map(([, { shape }]) => shape[2]! / 2);
  const hopLength = generatorRatios.reduce((a, b) => a * b, 1);
  return {
    nMels: axis("model.1.weight_v", 1),
    ngf: axis("model.1.weight_v", 0) / 2 ** generatorRatios.length,
    generatorRatios,
    hopLength,
    nResidualLayers: countOf(generator, /\.shortcut\.bias$/) / generatorRatios.length,
    seqLen: hopLength * Math.ceil(SEQ_LEN / hopLength),
    ...discriminator ? judgeSizes(axisOf(discriminator, source), discriminator) : {},
  };
}

function judgeSizes(axis: Axis, state: StateDict): Partial<MelGanHParams> {
  const strided = /^model\.disc_0\.model\.layer_\d+\.0\.bias$/;
  const nLayersD = countOf(state, strided) - 1; // the last before the judgement has no stride
  return {
    ndf: axis("model.disc_0.model.layer_0.1.bias", 0),
    nLayersD,
    downsampFactor: (axis("model.disc_0.model.layer_1.0.weight_v", 2) - 1) / 10,
    maxWidthD: Math.max(1024, axis(`model.disc_0.model.layer_${nLayersD + 1}.0.bias`, 0)),
    numD: countOf(state, /^model\.disc_\d+\.model\.layer_0\.1\.bias$/),
  };
}
