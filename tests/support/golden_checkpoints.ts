/** Golden families of files that PyTorch wrote: `.pt` and `.data` against what they hold. */
import { CheckpointError, toFloat32 } from "../../datatools/checkpoints/safetensors.ts";
import {
  asStateDict,
  isTensor,
  type PickleValue,
  readTorch,
} from "../../datatools/checkpoints/torch.ts";
import { tf } from "../../deps/tf.ts";
import { parseHParams } from "../../hparams/load.ts";
import { inferencePass } from "../../models/nn/mod.ts";
import { createNetworks } from "../../models/registry.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { GoldenCase, type GoldenFamily, type GoldenFile } from "./golden.ts";

/**
 * `checkpoint-<model>-zip.pt` and `-legacy.pt` hold what `-expected.safetensors` says. That file of MelGan is left
 * to its model: the audio in it is all that the others do not compare.
 */
export const checkpoints: readonly GoldenFamily[] = [
  { prefix: "checkpoint-performancernn-expected.", check: checkLogits },
  ...["checkpoint-performancernn-", "checkpoint-melgan-zip.", "checkpoint-melgan-legacy."].map(
    (prefix) => ({ prefix, check: checkContent }),
  ),
];

/** Bare state dictionaries of half width. */
export const stateDicts: GoldenFamily = {
  prefix: "statedict-",
  check(file) {
    const type = file.name.includes("-bfloat16") ? "bfloat16" : "half";
    const golden = expectedOf(file, "checkpoint-performancernn");
    compareKeys(golden, readFile(file), [`${type}_as_float32/`], "");
  },
};

/** Views of every kind and plain values. */
export const tensorViews: GoldenFamily = {
  prefix: "tensors-views-",
  check(file) {
    if (file.name.endsWith(".safetensors")) return; // what the others are compared with
    const golden = expectedOf(file, "tensors-views");
    const root = readFile(file);
    assert(root instanceof Map);
    compareKeys(golden, root, ["out/"], "tensors/");
    const plain = new Map([...root].filter(([key]) => key !== "tensors"));
    assertEquals(toJson(plain), JSON.parse(golden.metadata.plain_values!));
  },
};

/** A sample of the original's prepared data: two NumPy arrays. */
export const midiSequence: GoldenFamily = {
  prefix: "midi-sequence.",
  check(file) {
    if (file.name.endsWith(".json")) return; // what the other is compared with
    const { events, control_compressed } = JSON.parse(
      Deno.readTextFileSync(file.path.replace(/\.data$/, ".json")),
    );
    const arrays = readFile(file);
    assert(Array.isArray(arrays) && arrays.every(isTensor));
    const expected = [
      { shape: [events.length], values: events },
      { shape: [control_compressed.length, 13], values: control_compressed.flat() },
    ];
    const found = arrays.map(({ shape, data, dtype }) => {
      assertEquals(dtype, "U8");
      return { shape, values: Array.from(data as Uint8Array) };
    });
    assertEquals(found, expected);
  },
};

/** Files that would run a command in an unrestricted reader. */
export const malicious: GoldenFamily = {
  prefix: "malicious-",
  check(file) {
    assertThrows(
      () => readFile(file),
      (error) =>
        error instanceof CheckpointError && /"posix\.system" is refused.*byte/.test(error.message),
    );
  },
};

/** Everything that a checkpoint holds. */
function checkContent(file: GoldenFile): void {
  const golden = expectedOf(file, file.name.replace(/-(zip|legacy)\.pt$/, ""));
  const root = readFile(file);
  compareKeys(golden, root, ["state/netG/", "state/netD/"], "");
  if (has(root, "model")) compareKeys(golden, root, ["state/"], "model/");
  for (const name of ["optimizer", "optG", "optD"]) compareOptimizer(golden, root, name);
  for (const name of ["step", "epoch"]) {
    if (name in golden.hparams) assertEquals(at(root, name), golden.hparams[name]);
  }
}

function readFile({ path, name }: GoldenFile): PickleValue {
  return readTorch(Deno.readFileSync(path), name);
}

function expectedOf({ path, name }: GoldenFile, stem: string): GoldenCase {
  const expected = `${stem}-expected.safetensors`;
  return new GoldenCase({ name: expected, path: path.slice(0, -name.length) + expected });
}

/** Compares all that `golden` has below each of `prefixes` with what is below `place` of `root`, bit for bit. */
function compareKeys(
  golden: GoldenCase,
  root: PickleValue,
  prefixes: readonly string[],
  place: string,
): void {
  for (const prefix of prefixes) {
    const below = prefix.replace(/^(state|out|\w+_as_float32)\//, "");
    const keys = golden.keys().filter((key) => key.startsWith(prefix));
    const dictionary = at(root, ...(place + below).split("/").filter((part) => part !== ""));
    if (keys.length === 0 && dictionary === undefined) continue; // of another model
    assert(dictionary instanceof Map, `${golden.file.name}: nothing at "${place + below}"`);
    const names = keys.map((key) => key.slice(prefix.length));
    assertEquals([...dictionary.keys()].sort(), names.toSorted(), golden.file.name);
    for (const name of names) compareTensor(golden, prefix + name, dictionary.get(name));
  }
}

/** Compares moments and counts by the number of the parameter, and the settings. */
function compareOptimizer(golden: GoldenCase, root: PickleValue, name: string): void {
  const keys = golden.keys().filter((key) => key.startsWith(`${name}/`));
  const state = at(root, name, "state");
  assertEquals(state instanceof Map, keys.length > 0, name);
  if (!(state instanceof Map)) return;
  assertEquals(3 * state.size, keys.length);
  for (const key of keys) {
    const [, index, moment] = key.split("/");
    compareTensor(golden, key, at(state, Number(index), moment!));
  }
  const groups = golden.metadata[`${name}_param_groups`];
  if (groups) assertEquals(toJson(at(root, name, "param_groups")), JSON.parse(groups));
}

function compareTensor(golden: GoldenCase, key: string, found: PickleValue | undefined): void {
  assert(isTensor(found), `${key} is no tensor`);
  const { shape, values } = golden.get(key);
  assertEquals(found.shape, shape, key);
  assertEquals(toFloat32(found), values, key);
}

/** The model of a read checkpoint repeats the recorded logits. */
async function checkLogits(file: GoldenFile): Promise<void> {
  const golden = new GoldenCase(file);
  const checkpoint = { ...file, path: file.path.replace("expected.safetensors", "zip.pt") };
  const state = asStateDict(at(readFile(checkpoint), "model"));
  assert(state);
  const { step: _, ...named } = golden.hparams;
  const camel = Object.entries(named).map(([name, value]) => [
    name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  const hparams = { preset: "upstream", file: Object.fromEntries(camel) };
  using model = createNetworks("performance_rnn", parseHParams("performance_rnn", hparams));
  model.loadStateDict(state, checkpoint.name);
  const tensor = (key: string, dtype: "float32" | "int32") => {
    const { values, shape } = golden.get(key);
    return tf.tensor(values, shape, dtype);
  };
  const init = tensor("in/init", "float32") as tf.Tensor2D;
  const events = tensor("in/events", "int32") as tf.Tensor2D;
  const padded = tf.pad(events, [[0, 1], [0, 0]]); // the last event is read too
  const logits = model.teacherForced(init, padded, null, inferencePass);
  golden.compare("tf_logits_nocontrol", await logits.data(), "forward");
  golden.assertAllCompared();
  tf.dispose([init, events, padded, logits]);
}

/** What is at a path of keys; undefined where it ends. */
function at(value: PickleValue | undefined, ...path: (string | number)[]): PickleValue | undefined {
  return path.reduce<PickleValue | undefined>(
    (inner, key) => inner instanceof Map ? inner.get(key) : undefined,
    value,
  );
}

const has = (root: PickleValue, key: string) => root instanceof Map && root.has(key);

/** A value as `JSON.parse` would give it. */
function toJson(value: PickleValue | undefined): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), toJson(item)]));
  }
  return Array.isArray(value) ? value.map(toJson) : value;
}
