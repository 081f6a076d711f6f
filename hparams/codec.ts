/** The encodings of notes as events. @module */
import { z } from "../deps/zod.ts";

/** How many events each encoding has. */
export const eventDims = { corrected: 240, upstream: 240, magenta: 388 } as const;

/**
 * Which encoding: `corrected`, 240 events without the original's defects; `upstream`, the original's, bit
 * for bit; `magenta`, the 388 events of Performance RNN.
 */
export type CodecId = keyof typeof eventDims;

/** All encodings. */
export const codecIds: readonly CodecId[] = Object.keys(eventDims) as CodecId[];

/** The hparam and flag of that name. */
export const codecSchema = z.enum(codecIds).default("corrected").describe(
  "how notes become events; upstream repeats the original's drift and rounding, " +
    "magenta has 388 events, all 128 pitches and shifts of 10 ms",
);

/** The hparams that follow from the choice of a codec where nothing else is said; none if there is no such codec. */
export function impliedByCodec(codec: unknown): { eventDim?: number } {
  return codecIds.includes(codec as CodecId) ? { eventDim: eventDims[codec as CodecId] } : {};
}

/** The rules between the codec and other hparams, for the `check` of a model's schema. */
export function checkCodec(
  context: z.core.ParsePayload<{ codec: CodecId; eventDim: number; stretch: number }>,
): void {
  const { codec, eventDim, stretch } = context.value;
  if (codec === "upstream" && stretch > 0) {
    context.issues.push({
      code: "custom",
      input: stretch,
      path: ["stretch"],
      message: "must be 0 with codec upstream, whose events keep no time; set stretch=0",
    });
  }
  const expected = eventDims[codec];
  const others: readonly number[] = Object.values(eventDims).filter((dim) => dim !== expected);
  if (!others.includes(eventDim)) return; // a network of no codec's size can be loaded and measured
  context.issues.push({
    code: "custom",
    input: eventDim,
    path: ["eventDim"],
    message: `must be ${expected} with codec ${codec}; leave eventDim out, or choose another codec`,
  });
}
