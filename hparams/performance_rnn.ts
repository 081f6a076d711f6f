/** Hparams of PerformanceRnn: the network, its data, its training and its sampling. @module */
import { z } from "../deps/zod.ts";
import { checkCodec, codecSchema } from "./codec.ts";
import { checkTraining, trainingSchema } from "./training.ts";

/** What PerformanceRnn and its attentive variant share. */
export const performanceRnnFields = trainingSchema.extend({
  initDim: z.int().min(1).max(4096).default(32)
    .describe("length of the latent vector that sets the initial state"),
  eventDim: z.int().min(2).max(65536).default(240)
    .describe("size of the event vocabulary; where it is not set, what the codec writes"),
  controlDim: z.int().min(1).max(4096).default(24)
    .describe("length of a control vector; 24 is what the control codec writes"),
  hiddenDim: z.int().min(1).max(16384).default(512).describe("units of each GRU layer"),
  gruLayers: z.int().min(1).max(32).default(3).describe("GRU layers"),
  gruDropout: z.number().min(0).lt(1).default(0.3)
    .describe("share of units dropped between GRU layers in training"),
  codec: codecSchema,
  sustain: z.boolean().default(true).describe("whether the sustain pedal lengthens notes"),
  windowSize: z.int().min(2).max(100_000).default(200)
    .describe("events of one training window"),
  strideSize: z.int().min(1).max(100_000).default(10)
    .describe("events between the starts of two windows"),
  useTransposition: z.boolean().default(true)
    .describe("whether training batches are transposed by -6..+6 semitones"),
  stretch: z.number().min(0).max(0.5).default(0).describe(
    "largest share by which training windows are played faster or slower; 0 turns it off",
  ),
  controlRatio: z.number().min(0).max(1).default(0.8)
    .describe("share of training batches that see their controls"),
  teacherForcingRatio: z.number().min(0).max(1).default(1)
    .describe("share of training steps that read the true event, not the model's own"),
  upstreamInitToHidden: z.boolean().default(false)
    .describe("whether the initial states of a batch are mixed as in the original"),
  greedyRatio: z.number().min(0).max(1).default(0)
    .describe("share of generated events that take the most likely one"),
  temperature: z.number().positive().max(100).default(1)
    .describe("divides the logits before sampling; below 1 is safer, above 1 wilder"),
  topK: z.int().min(0).default(0).describe("sample from the k likeliest events; 0 turns it off"),
  topP: z.number().positive().max(1).default(1)
    .describe("sample from the likeliest events that hold this probability; 1 turns it off"),
  beamSize: z.int().min(0).max(65536).default(0)
    .describe("sequences that a beam search keeps; 0 samples instead"),
  stochasticBeamSearch: z.boolean().default(false)
    .describe("whether the beam draws sequences without replacement instead of the likeliest"),
  lengthPenalty: z.number().min(0).max(10).default(0)
    .describe("exponent of the penalty for short sequences in a beam of pieces of one duration"),
  upstreamBeamScores: z.boolean().default(false)
    .describe("whether a beam adds logits as in the original, which are no log-probabilities"),
  maxLen: z.int().min(1).max(10_000_000).default(10_000)
    .describe("most events of one generated piece, whatever --seconds asks for"),
});

/** Everything that can be set for PerformanceRnn. */
export const performanceRnnSchema = performanceRnnFields.check(checkTraining, checkCodec);

/** Values of {@linkcode performanceRnnSchema}. */
export type PerformanceRnnHParams = z.infer<typeof performanceRnnSchema>;
