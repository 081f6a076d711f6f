/** Flags that commands share. @module */
import { z } from "../deps/zod.ts";
import { parseKey } from "../datatools/midi/control_codec.ts";
import { presetNames } from "../hparams/presets.ts";
import { eventModelIds, modelIds, vocoderIds } from "../hparams/registry.ts";
import { kebabCase } from "./command.ts";

/** A flag with a value that help calls `placeholder`. */
export function text(placeholder: string, description: string): z.ZodString {
  return z.string().min(1).meta({ placeholder, description });
}

/** A whole number from `min` to `max`, which help calls N. */
export function count(min: number, max: number, description: string): z.ZodInt {
  return z.int().min(min).max(max).meta({ placeholder: "N", description });
}

/** Flags of every command. */
export const commonFlags = {
  json: z.boolean().optional().describe("print the result as JSON"),
  quiet: z.boolean().optional().describe("print errors only"),
};

/** The flag of the commands that write. */
export const dryRunFlag = {
  dryRun: z.boolean().optional().describe("say what would be done and write nothing"),
};

/** Flags of the commands that compute. */
export const backendFlags = {
  backend: z.enum(["auto", "webgpu", "wasm", "cpu", "native"]).optional().describe(
    "where to compute; auto takes a hardware GPU, else wasm; native is wasm with the BLAS library " +
      "that COOPERTUNES_BLAS names",
  ),
  threads: count(1, 256, "threads of the wasm backend; default: one per core").optional(),
};

/** Those of the commands that draw as well. */
export const computeFlags = {
  seed: count(0, 0xffffffff, "key of all randomness; the same seed gives the same result")
    .optional(),
  ...backendFlags,
};

/** The positional argument that names a model. */
export const modelFlag = { model: z.enum(modelIds).describe("which model") };

/** The same for a model that composes. */
export const eventModelFlag = { model: z.enum(eventModelIds).describe("which model") };

/** The same for a model that makes audio of log-mels. */
export const vocoderFlag = { model: z.enum(vocoderIds).describe("which vocoder") };

/** Flags that set hparams. */
export const hparamFlags = {
  preset: z.enum(presetNames).optional()
    .describe("named set of hparams; default: gpu on webgpu, else cpu"),
  hparams: text("F.json", "hparams from a JSON file, over the preset").optional(),
  set: z.array(z.string()).default([]).meta({
    placeholder: "KEY=VALUE",
    description: "one hparam, over preset and file",
  }),
};

/** The flag that names weights. */
export const checkpointFlag = {
  checkpoint: text("F|RUN|URL", "weights: a file, a run folder, a URL, or pretrained")
    .default("pretrained"),
};

/** Flags that choose among the likely events. */
export const samplingFlags = {
  temperature: z.number().positive().max(100).optional().meta({
    placeholder: "T",
    description: "below 1 is safer, above 1 wilder; default: the checkpoint's",
  }),
  topK: count(0, 100_000, "sample from the K likeliest events; 0 turns it off").optional(),
  topP: z.number().positive().max(1).optional().meta({
    placeholder: "P",
    description: "sample from the likeliest events that hold this probability; 1 turns it off",
  }),
  greedyRatio: z.number().min(0).max(1).optional().meta({
    placeholder: "R",
    description: "share of events that take the likeliest one",
  }),
};

/** Flags that search for whole sequences of events. */
export const beamFlags = {
  beam: count(0, 65536, "keep the N best sequences in place of drawing; 0 turns it off").optional(),
  stochasticBeam: z.boolean().optional()
    .describe("draw the sequences of --beam without replacement; --count of them are kept"),
  lengthPenalty: z.number().min(0).max(10).optional().meta({
    placeholder: "A",
    description: "with --beam and --seconds: above 0 favors pieces of more events",
  }),
};

const histogram = z.string().transform((list, context) => {
  const weights = list.split(",").map((weight) => weight.trim() === "" ? NaN : Number(weight));
  const isValid = weights.length === 12 && weights.every((w) => w >= 0 && w < Infinity);
  if (isValid && weights.some((weight) => weight > 0)) return weights;
  context.addIssue(
    "12 numbers >= 0 with commas between them, from C to B, not all 0: 1,0,1,0,1,1,0,1,0,1,0,1",
  );
  return z.NEVER;
});

const programs = z.string().transform((list, context) => {
  const numbers = list.split(",").map((number) => number.trim() === "" ? NaN : Number(number));
  if (numbers.every((n) => Number.isInteger(n) && n >= 0 && n <= 127)) return numbers;
  context.addIssue("integers from 0 to 127 with commas between them; 0,1,2,3,4,5,6,7 are pianos");
  return z.NEVER;
});

/** The flag that leaves out instruments. */
export const programsFlag = {
  programs: programs.optional().meta({
    placeholder: "A,B,...",
    description: "MIDI programs whose notes are kept, 0..127; default: all but drums",
  }),
};

/** Flags of `data prepare` that go with one kind of files; a sustain that is off counts as given. */
export const prepareKinds = {
  midi: ["codec", "sustain", "programs"],
  audio: ["sampleRate", "normalise", "minSeconds"],
} as const;

const ofComposing = ["samples", "sampleSeconds", "reference", ...Object.keys(samplingFlags)];

/** Flags of `evaluate` that go with some models. */
export const evaluateModels: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  modelIds.map((model) => [model, eventModelIds.some((id) => id === model) ? ofComposing : []]),
);

const key = z.string().superRefine((name, context) => {
  try {
    parseKey(name);
  } catch (error) {
    context.addIssue((error as Error).message.replace(/^.*?expected /, ""));
  }
});

/** Flags that steer the music. */
export const controlFlags = {
  key: key.optional().meta({ placeholder: "C:maj", description: "key that the music keeps to" }),
  histogram: histogram.optional().meta({
    placeholder: "A,B,...",
    description: "12 weights of pitch classes, from C",
  }),
  density: count(0, 11, "how many notes: 0 is almost none, 11 more than 30 in 2 s").optional(),
  controlsFrom: text(
    "F.mid|F.json",
    "follow the density and pitch classes of a MIDI file, or rows by time",
  )
    .optional(),
  keepControls: z.boolean().optional()
    .describe("take density and pitch classes from the whole of --primer"),
};

type Check = (context: z.core.ParsePayload<Record<string, unknown>>) => void;

/** Whether a flag is given; a beam of 0 is none. */
function isGiven(flags: Record<string, unknown>, name: string): boolean {
  return flags[name] !== undefined && !(name === "beam" && flags[name] === 0);
}

/** Refuses flags that contradict each other, naming the first pair that is given. */
export function exclusive(pairs: readonly (readonly [string, string])[]): Check {
  return ({ value, issues }) => {
    const pair = pairs.find((names) => names.every((name) => isGiven(value, name)));
    if (!pair) return;
    const [first, second] = pair.map((name) => `--${kebabCase(name)}`);
    issues.push({
      code: "custom",
      input: value[pair[1]],
      path: [],
      message: `${first} and ${second} exclude each other; give one`,
    });
  };
}

/**
 * Refuses flags that only mean something with another value of `flag`.
 *
 * @param owners The flags that go with each value
 * @param spelling How the command line spells `flag`
 */
export function ownedBy(
  flag: string,
  owners: Readonly<Record<string, readonly string[]>>,
  spelling = `--${kebabCase(flag)}`,
): Check {
  return ({ value, issues }) => {
    const own = owners[String(value[flag])] ?? [];
    const name = Object.values(owners).flat().find((each) =>
      !own.includes(each) && value[each] !== undefined && value[each] !== true
    );
    if (name === undefined) return;
    const option = `--${value[name] === false ? "no-" : ""}${kebabCase(name)}`;
    const its = Object.keys(owners).filter((owner) => owners[owner].includes(name)).join(" or ");
    const message = `${option} goes with ${spelling} ${its}, found ${value[flag]}`;
    issues.push({ code: "custom", input: value[name], path: [], message });
  };
}

/** Pairs of one flag and each of the others. */
export function pairs(first: string, others: readonly string[]): (readonly [string, string])[] {
  return others.map((other) => [first, other]);
}

/** Refuses a flag without one of those that it needs. */
export function needs(rules: readonly (readonly [string, readonly string[]])[]): Check {
  return ({ value, issues }) => {
    const broken = rules.find(([name, needed]) =>
      isGiven(value, name) && !needed.some((other) => isGiven(value, other))
    );
    if (!broken) return;
    const [name, needed] = broken;
    const others = needed.map((other) => `--${kebabCase(other)}`).join(" or ");
    issues.push({
      code: "custom",
      input: value[name],
      path: [],
      message: `--${kebabCase(name)} needs ${others}`,
    });
  };
}
