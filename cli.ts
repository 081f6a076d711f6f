/**
 * The command line: `coopertunes <command> [options]`. The table below is data: help is printed from the schemas
 * that parse, and `run` imports what it needs on use, so that `--help` loads no tf.
 *
 * @module
 */
import config from "./deno.json" with { type: "json" };
import { parseFlags, selectCommand } from "./cli/arguments.ts";
import { type Command, command, type Terminal, UsageError } from "./cli/command.ts";
import {
  backendFlags,
  beamFlags,
  checkpointFlag,
  commonFlags,
  computeFlags,
  controlFlags,
  count,
  dryRunFlag,
  evaluateModels,
  eventModelFlag,
  exclusive,
  hparamFlags,
  modelFlag,
  needs,
  ownedBy,
  pairs,
  prepareKinds,
  programsFlag,
  samplingFlags,
  text,
  vocoderFlag,
} from "./cli/flags.ts";
import { commandHelp, overview } from "./cli/help.ts";
import { z } from "./deps/zod.ts";
import { codecSchema } from "./hparams/codec.ts";
import { HParamsError } from "./hparams/errors.ts";
import { modelIds } from "./hparams/registry.ts";

const { preset, set } = hparamFlags;

/** Flags of `generate` that mean nothing beside each other. */
const generateConflicts: readonly (readonly [string, string])[] = [
  ["seconds", "steps"],
  ["key", "histogram"],
  ["stochasticBeam", "lengthPenalty"],
  ...pairs("keepControls", ["controlsFrom", "key", "histogram", "density"]),
  ...pairs("controlsFrom", ["key", "histogram", "density"]),
  ...pairs("beam", ["topK", "topP", "greedyRatio"]),
  ...pairs("logLikelihood", ["primer", "seconds", "steps", "voices", "beam", "stochasticBeam"]),
  ...pairs("logLikelihood", ["temperature", "topK", "topP", "greedyRatio"]),
];

/** All commands, by name. */
const commands: Readonly<Record<string, Command>> = {
  demo: command({
    summary: "Compose 30 seconds with the shipped checkpoint and render them",
    positional: [],
    flags: z.strictObject({
      out: text("DIR", "folder of demo.mid, demo.wav and demo.png").default("out"),
      ...computeFlags,
      ...dryRunFlag,
      ...commonFlags,
    }),
    examples: ["demo", "demo --out music --seed 7"],
    permissions: {
      read: ["./pretrained", "./assets", "OUT"],
      write: ["OUT"],
      line: "demo --out OUT",
    },
    run: async (flags, terminal) =>
      (await import("./supervisors/registry.ts")).demo(flags, terminal),
  }),
  "data download": command({
    summary: "Fetch a data set of others, politely",
    positional: ["name"],
    flags: z.strictObject({
      name: z.enum(["classic-piano", "ljspeech"]).describe("which data set"),
      out: text("DIR", "folder of the files; default: data/NAME").optional(),
      ...dryRunFlag,
      ...commonFlags,
    }),
    examples: [
      "data download classic-piano --out my-midis",
      "data download ljspeech --out my-speech",
    ],
    permissions: {
      read: ["OUT"],
      write: ["OUT"],
      net: ["www.piano-midi.de", "data.keithito.com"],
      line: "data download classic-piano --out OUT",
    },
    run: async (flags, terminal) => (await import("./cli/data.ts")).download(flags, terminal),
  }),
  "data prepare": command({
    summary: "Turn a folder of MIDI or audio files into a prepared set",
    positional: ["source"],
    flags: z.strictObject({
      source: text("DIR", "folder of the files; folders in it are searched too"),
      out: text("DIR", "folder of the prepared set"),
      kind: z.enum(["midi", "audio"]).default("midi")
        .describe("what the files are: .mid and .midi, or .wav, .flac, .mp3, .ogg and .opus"),
      codec: codecSchema.removeDefault().optional()
        .describe(`midi: ${codecSchema.description}; default: corrected`),
      sustain: z.boolean().default(true)
        .describe("midi: do not let the sustain pedal lengthen notes"),
      ...programsFlag,
      sampleRate: count(4000, 768_000, "audio: rate of the set in Hz; default: 22050").optional(),
      normalise: z.enum(["peak", "none"]).optional()
        .describe("audio: bring the highest sample of each file to 0.95, or not; default: peak"),
      minSeconds: z.number().min(0).max(3600).optional().meta({
        placeholder: "S",
        description: "audio: leave out shorter files; default: 0.5",
      }),
      validFraction: z.number().min(0).lt(1).default(0.1).meta({
        placeholder: "F",
        description: "share of the pieces kept for validation",
      }),
      workers: count(1, 256, "workers that read files; default: one per core").optional(),
      overwrite: z.boolean().optional()
        .describe("replace a set made from other files or with other settings"),
      ...dryRunFlag,
      ...commonFlags,
    }).check(ownedBy("kind", prepareKinds)),
    examples: [
      "data prepare my-midis --out data/mine",
      "data prepare recordings --kind audio --out data/sound --min-seconds 2",
    ],
    permissions: {
      read: ["SOURCE", "OUT"],
      write: ["OUT"],
      line: "data prepare SOURCE --out OUT",
    },
    run: async (flags, terminal) => (await import("./cli/data.ts")).prepare(flags, terminal),
  }),
  "data info": command({
    summary: "Show what a prepared set, or one MIDI or audio file, holds",
    positional: ["source"],
    flags: z.strictObject({
      source: text("DIR|F", "a prepared set, or a MIDI or audio file"),
      out: text(
        "F.png",
        "draw it: a MIDI file's piano roll, a sound and its spectrogram, an audio set's figures; " +
          "add --allow-write of the folder",
      ).optional(),
      ...commonFlags,
    }),
    examples: [
      "data info data/mine",
      "data info song.mid --out song.png",
      "data info data/sound --out sound.png",
    ],
    permissions: { read: ["SOURCE"], line: "data info SOURCE" },
    run: async (flags, terminal) => (await import("./cli/data.ts")).info(flags, terminal),
  }),
  train: command({
    summary: "Train a model, or go on with a run",
    positional: ["model"],
    flags: z.strictObject({
      ...modelFlag,
      data: text("DIR", "a prepared set, or a folder of files that is prepared first"),
      out: text("RUN", "folder of the run: checkpoints, metrics, samples"),
      valid: text("DIR", "data for validation; default: the part of --data kept for it").optional(),
      ...hparamFlags,
      steps: count(1, Number.MAX_SAFE_INTEGER, "steps of the whole run; totalSteps").optional(),
      resume: z.boolean().optional().describe("go on from the newest checkpoint of the run"),
      init: text("F|RUN", "weights to start from").optional(),
      cache: text("DIR", "where a raw folder is prepared; default: RUN/data").optional(),
      download: z.boolean().optional().describe("fetch the data set if --data is empty"),
      ...computeFlags,
      ...dryRunFlag,
      ...commonFlags,
    }),
    examples: [
      "train performance_rnn --data my-midis --out runs/mine",
      "train performance_rnn --data my-midis --out runs/mine --resume",
      "train performance_rnn --data data/mine --out runs/small --preset tiny --set hiddenDim=64",
      "train mel_gan --data recordings --out runs/vocoder",
    ],
    permissions: {
      read: ["./assets", "DATA", "RUN"],
      write: ["RUN"],
      line: "train performance_rnn --data DATA --out RUN",
    },
    run: async (flags, terminal) =>
      (await import("./supervisors/registry.ts")).train(flags, terminal),
  }),
  generate: command({
    summary: "Compose with a trained model: MIDI, sound and a piano roll",
    positional: ["model"],
    flags: z.strictObject({
      ...eventModelFlag,
      ...checkpointFlag,
      out: text("DIR", "folder of the .mid, .wav and .png files").default("out"),
      count: count(1, 1000, "how many pieces").default(1),
      seconds: z.number().positive().max(3600).optional().meta({
        placeholder: "S",
        description: "length of a piece in seconds, of what follows a primer; default 30",
      }),
      steps: count(1, 1_000_000, "length of a piece in events, of what follows a primer")
        .optional(),
      ...samplingFlags,
      ...beamFlags,
      ...controlFlags,
      primer: text("F.mid", "read a MIDI file first and go on from its end").optional(),
      continuationOnly: z.boolean().optional().describe("leave the primer out of the files"),
      voices: count(1, 128, "most keys down at once; the one struck first yields").optional(),
      logLikelihood: text("F.mid", "compose nothing: say how likely the model holds a MIDI file")
        .optional(),
      soundfont: text("F.sf2", "SoundFont that plays; default: the piano in assets/").optional(),
      ...computeFlags,
      ...dryRunFlag,
      ...commonFlags,
    }).check(exclusive(generateConflicts)).check(needs([
      ["keepControls", ["primer", "logLikelihood"]],
      ["continuationOnly", ["primer"]],
    ])),
    examples: [
      "generate performance_rnn --checkpoint pretrained --out music --key C:maj --density 4",
      "generate performance_rnn --checkpoint runs/mine --out music --count 3 --seconds 60 --seed 7",
      "generate performance_rnn --primer song.mid --keep-controls --count 4 --continuation-only",
      "generate performance_rnn --controls-from plan.json --voices 6",
      "generate performance_rnn --beam 8 --stochastic-beam --count 8 --steps 200",
      "generate performance_rnn --log-likelihood song.mid --json",
    ],
    permissions: {
      read: ["./assets", "RUN", "OUT"],
      write: ["OUT"],
      files: ["primer", "controlsFrom", "logLikelihood", "soundfont"],
      line: "generate performance_rnn --checkpoint RUN --out OUT",
    },
    run: async (flags, terminal) =>
      (await import("./supervisors/registry.ts")).generate(flags, terminal),
  }),
  reconstruct: command({
    summary: "Make a sound again out of its log-mel, with a trained vocoder",
    positional: ["model", "source"],
    flags: z.strictObject({
      ...vocoderFlag,
      source: text("IN", "the sound: .wav, .flac, .mp3, .ogg or .opus, of any length"),
      out: text("OUT.wav", "the WAV file to write: mono, 16 bits, at the vocoder's rate"),
      ...checkpointFlag,
      chunkFrames: count(1, 65_536, "frames made at once, some 200 KB each; default: 256")
        .optional(),
      ...backendFlags,
      ...dryRunFlag,
      ...commonFlags,
    }),
    examples: [
      "reconstruct mel_gan song.wav --checkpoint runs/vocoder --out again.wav",
      "reconstruct mel_gan hour.mp3 --checkpoint runs/vocoder --out hour.wav --json",
    ],
    permissions: {
      read: ["RUN", "IN", "OUT"],
      write: ["OUT"],
      line: "reconstruct mel_gan IN --checkpoint RUN --out OUT/again.wav",
    },
    run: async (flags, terminal) =>
      (await import("./supervisors/registry.ts")).reconstruct(flags, terminal),
  }),
  evaluate: command({
    summary: "Measure a checkpoint on data it has not seen, and what it composes or vocodes",
    positional: ["model"],
    flags: z.strictObject({
      ...modelFlag,
      ...checkpointFlag,
      data: text("DIR", "a prepared set, or a folder of files that is prepared first"),
      cache: text("DIR", "where a raw folder is prepared; default: below --checkpoint").optional(),
      samples: count(
        0,
        1000,
        "pieces to compose with and without controls, 0 for none; default: 32",
      )
        .optional(),
      sampleSeconds: z.number().min(4).max(600).optional().meta({
        placeholder: "S",
        description: "length of each of these pieces; default: 20",
      }),
      reference: text("DIR", "MIDI to compare them with; default: the unseen part of --data")
        .optional(),
      ...samplingFlags,
      out: text("DIR", "write pictures there; add --allow-read and --allow-write of DIR")
        .optional(),
      ...computeFlags,
      ...commonFlags,
    }).check(ownedBy("model", evaluateModels, "MODEL")),
    examples: [
      "evaluate performance_rnn --checkpoint runs/mine --data data/mine --json",
      "evaluate performance_rnn --checkpoint runs/mine --data data/mine --out figures --seed 7",
      "evaluate mel_gan --checkpoint runs/vocoder --data data/sound --out figures",
    ],
    permissions: {
      read: ["RUN", "DATA"],
      line: "evaluate performance_rnn --checkpoint RUN --data DATA",
    },
    run: async (flags, terminal) =>
      (await import("./supervisors/registry.ts")).evaluate(flags, terminal),
  }),
  summary: command({
    summary: "Show layers, shapes, parameter counts and memory",
    positional: ["model"],
    flags: z.strictObject({ ...modelFlag, preset, set, ...commonFlags }),
    examples: ["summary performance_rnn", "summary performance_rnn --set hiddenDim=1024 --json"],
    permissions: { line: "summary performance_rnn" },
    run: async (flags, terminal) =>
      (await import("./supervisors/registry.ts")).summary(flags, terminal),
  }),
  convert: command({
    summary: "Exchange weights with PyTorch, without running anything of them",
    positional: ["source", "out"],
    flags: z.strictObject({
      source: text("F|RUN", "a .pt of PyTorch, a .safetensors file, or a run folder"),
      out: text("F|RUN", "a new .safetensors file, or a run folder that keeps Adam's moments"),
      module: text("NAME", "the network, where a file holds several, such as netG").optional(),
      model: z.enum(modelIds).optional().meta({
        placeholder: "MODEL",
        description: "what it must be; default: told by its keys",
      }),
      ...dryRunFlag,
      ...commonFlags,
    }),
    examples: [
      "convert checkpoint.pt weights.safetensors",
      "convert checkpoint.pt runs/continued",
      "convert runs/mine for-pytorch.safetensors",
    ],
    permissions: {
      read: ["SOURCE", "OUT"],
      write: ["OUT"],
      line: "convert SOURCE OUT/weights.safetensors",
    },
    run: async (flags, terminal) =>
      (await import("./supervisors/registry.ts")).convert(flags, terminal),
  }),
  doctor: command({
    summary: "Check this machine: runtime, GPU, kernels, arithmetic",
    positional: [],
    flags: z.strictObject({ ...computeFlags, ...commonFlags }),
    examples: ["doctor", "doctor --json"],
    permissions: { line: "doctor" },
    run: async (flags, terminal) =>
      (await import("./supervisors/doctor.ts")).doctor(flags, terminal),
  }),
};

/** The folder or URL that this file is in. */
function libraryRoot(): string {
  const file = import.meta.filename ?? import.meta.url;
  return file.slice(0, file.length - "cli.ts".length);
}

function openTerminal({ quiet, json }: Record<string, unknown>): Terminal {
  return {
    print: (line) => quiet || json ? undefined : console.log(line),
    note: (line) => quiet ? undefined : console.error(line),
    interactive: !quiet && Deno.stderr.isTerminal(),
  };
}

/** Runs a command line and returns its exit code. */
async function main(words: readonly string[]): Promise<number> {
  const [first] = words;
  if (first === "--version") {
    console.log(`coopertunes ${config.version}`);
    return 0;
  }
  if (first === undefined || first === "help" || first.startsWith("-")) {
    console.log(overview(commands));
    if (first === "help" || first === "--help" || first === "-h") return 0;
    if (first !== undefined) throw new UsageError(`Cannot read "${first}": a command comes first`);
    return 2;
  }
  const selected = selectCommand(commands, words);
  if (selected === undefined) {
    console.log(overview(commands, first));
    return words.includes("--help") || words.includes("-h") ? 0 : 2;
  }
  if (selected.words.includes("--help") || selected.words.includes("-h")) {
    console.log(commandHelp(selected, { root: libraryRoot() }));
    return 0;
  }
  const flags = parseFlags(selected);
  quietenGraphicsDriver();
  const terminal = openTerminal(flags);
  const outcome = await selected.command.run(flags, terminal);
  if (flags.json) console.log(JSON.stringify(outcome.data ?? null, null, 2));
  else if (outcome.text) terminal.print(outcome.text);
  return outcome.exitCode ?? 0;
}

/** Keeps the software graphics driver of Linux from complaining that this variable is missing. */
function quietenGraphicsDriver(): void {
  const name = "XDG_RUNTIME_DIR";
  if (Deno.build.os !== "linux") return;
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  if (state === "granted" && !Deno.env.has(name)) Deno.env.set(name, "/tmp");
}

/** The message of an error, and the exit code that it stands for. */
function explain(error: unknown): [string, number] {
  if (error instanceof UsageError || error instanceof HParamsError) return [error.message, 2];
  return [error instanceof Error ? error.message : String(error), 1];
}

if (import.meta.main) {
  const exitCode = await main(Deno.args).catch((error) => {
    const [message, code] = explain(error);
    console.error(message);
    return code;
  });
  Deno.exit(exitCode);
}
