/** `convert`: weights and runs of PyTorch's files, on the backend named by COOPERTUNES_BACKEND. */
import { tf } from "../../deps/tf.ts";
import { checkpointPath, readCheckpoint } from "../../datatools/checkpoints/run_folder.ts";
import {
  CheckpointError,
  decodeSafetensors,
  encodeCheckpoint,
  encodeSafetensors,
  type TensorData,
  toFloat32,
} from "../../datatools/checkpoints/safetensors.ts";
import { presetOf } from "../../hparams/presets.ts";
import type { ModelId } from "../../hparams/registry.ts";
import { openBackend } from "../../models/device/mod.ts";
import { createNetworks, loadModel } from "../../models/registry.ts";
import { convert, type ConvertFlags } from "../../supervisors/convert.ts";
import { readWeights } from "../../supervisors/interchange/weights.ts";
import { Adam } from "../../supervisors/optimizers/adam.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { testFolder } from "../support/midi_fixtures.ts";
import { smallHParams, smallModel } from "../support/performance_rnn.ts";
import { torchCheckpoint } from "../support/torch_file.ts";

await openBackend();

const pathOf = (place: string) => new URL(`../${place}`, import.meta.url).pathname;
const golden = (name: string) => pathOf(`golden/${name}`);
const expected = decodeSafetensors(
  Deno.readFileSync(golden("checkpoint-performancernn-expected.safetensors")),
);
const keys = JSON.parse(expected.metadata.optimizer_param_order!) as string[];
const group = { lr: 0.002, betas: [0.8, 0.99], eps: 1e-7, weightDecay: 0 } as const;

/** Converts; returns what is told beside the result. */
async function run(flags: ConvertFlags): Promise<{ notes: string[]; text: string }> {
  const notes: string[] = [];
  const terminal = {
    print: () => {},
    note: (line: string) => notes.push(line),
    interactive: false,
  };
  const { text } = await convert(flags, terminal);
  return { notes, text: text! };
}

async function refused(flags: ConvertFlags, message: RegExp): Promise<void> {
  await assertRejects(
    () => run(flags),
    (error: unknown) => {
      assert(error instanceof Error && message.test(error.message), String(error));
      return true;
    },
  );
}

const shapesOf = (tensors: ReadonlyMap<string, TensorData>) =>
  [...tensors].map(([key, { shape }]) => [key, shape]);

Deno.test("convert() writes what PyTorch saved under its own keys, with the model's hparams", async () => {
  await using folder = await testFolder();
  for (const container of ["zip", "legacy"]) {
    const out = `${folder.path}/new/${container}.safetensors`;
    const source = golden(`checkpoint-performancernn-${container}.pt`);
    const { text, notes } = await run({ source, out });
    assert(/15 tensors, performance_rnn of 2 x 16 units over 120 events/.test(text), text);
    assertEquals(notes, []);
    const { tensors, metadata } = decodeSafetensors(await Deno.readFile(out));
    assertEquals([...tensors.keys()], keys);
    for (const [key, tensor] of tensors) assertEquals(tensor, expected.tensors.get(`state/${key}`));
    const { codec, sustain, upstreamInitToHidden, initDim, hiddenDim, gruLayers, eventDim } = JSON
      .parse(metadata.hparams!);
    assertEquals([initDim, hiddenDim, gruLayers, eventDim], [8, 16, 2, 120]);
    const { codec: c, sustain: s, upstreamInitToHidden: u } = presetOf(
      "performance_rnn",
      "upstream",
    );
    assertEquals([codec, sustain, upstreamInitToHidden], [c, s, u]);
    assertEquals([metadata.model, metadata.step], ["performance_rnn", "3"]);
    (await loadModel("performance_rnn", out)).dispose();
  }
});

Deno.test("convert() keeps the width of numbers", async () => {
  await using folder = await testFolder();
  for (const [type, dtype] of [["half", "F16"], ["bfloat16", "BF16"]] as const) {
    const out = `${folder.path}/${type}.safetensors`;
    await run({ source: golden(`statedict-performancernn-${type}.pt`), out });
    const { tensors } = decodeSafetensors(await Deno.readFile(out));
    for (const key of keys) {
      assertEquals(tensors.get(key)!.dtype, dtype);
      const recorded = expected.tensors.get(`${type}_as_float32/${key}`)!;
      assertEquals(toFloat32(tensors.get(key)!), recorded.data);
    }
    using model = await loadModel("performance_rnn", out);
    assertEquals(shapesOf(await model.stateDict()), shapesOf(tensors));
  }
});

Deno.test("convert() picks one network of several, which need no model here", async () => {
  await using folder = await testFolder();
  const source = golden("checkpoint-melgan-zip.pt"), out = `${folder.path}/netD.safetensors`;
  await refused({ source, out, module: "optG" }, /Cannot find "optG".*holds netG, netD/);
  const { notes } = await run({ source, out, module: "netD" });
  assert(/Without a model's name and hparams.*no model here/.test(notes.join()), notes.join());
  const { tensors, metadata } = decodeSafetensors(await Deno.readFile(out));
  assertEquals([tensors.size, metadata.model, metadata.hparams], [30, undefined, undefined]);
  const model = "performance_rnn";
  await refused({ source, out: `${out}.safetensors`, module: "netG", model }, /"event_embedding/);
});

Deno.test("convert() knows MelGan by the networks beside each other, and it vocodes as the original does", async () => {
  await using folder = await testFolder();
  const { tensors: expected } = decodeSafetensors(
    Deno.readFileSync(golden("checkpoint-melgan-expected.safetensors")),
  );
  const frames = expected.get("in/mel")!, audio = toFloat32(expected.get("out/audio")!);
  for (const container of ["zip", "legacy"]) {
    const source = golden(`checkpoint-melgan-${container}.pt`);
    const out = `${folder.path}/${container}.safetensors`;
    const { text, notes } = await run({ source, out });
    assert(
      /69 tensors, mel_gan of 2 channels at full rate, ratios 4,4,2, 8 bands/.test(text),
      text,
    );
    assertEquals(notes, []);
    using melGan = await loadModel("mel_gan", out);
    const logMel = {
      data: transposed(toFloat32(frames), frames.shape.slice(1)),
      config: melGan.config,
    };
    const made = await melGan.vocode(logMel);
    assertEquals(made.length, audio.length);
    made.forEach((x, i) =>
      assert(Math.abs(x - audio[i]!) < 1e-5, `sample ${i}: ${x}, ${audio[i]}`)
    );
  }
});

Deno.test("convert() makes a run of both networks of MelGan with the moments of both optimizers", async () => {
  await using folder = await testFolder();
  const source = golden("checkpoint-melgan-zip.pt"), out = `${folder.path}/run`;
  const { text } = await run({ source, out });
  assert(/a run after step 2, .*go on with train mel_gan/.test(text), text);
  const { tensors } = await readCheckpoint(checkpointPath(out, 2));
  const { tensors: expected, metadata } = decodeSafetensors(
    Deno.readFileSync(golden("checkpoint-melgan-expected.safetensors")),
  );
  for (
    const [part, optimizer, phase] of [["netG", "optG", "generator"], [
      "netD",
      "optD",
      "discriminator",
    ]]
  ) {
    const keys = JSON.parse(metadata[`${optimizer}_param_order`]!) as string[];
    keys.forEach((key, i) => {
      assertEquals(tensors.get(`${part}/${key}`), expected.get(`state/${part}/${key}`));
      for (const moment of ["exp_avg", "exp_avg_sq"]) {
        const ours = tensors.get(`optimizer/${phase}/${key}/${moment}`);
        assertEquals(ours, expected.get(`${optimizer}/${i}/${moment}`));
      }
    });
  }
  const { ndf, nLayersD, downsampFactor, numD, hopLength } = JSON.parse(
    await Deno.readTextFile(`${out}/hparams.json`),
  );
  assertEquals([ndf, nLayersD, downsampFactor, numD, hopLength], [4, 2, 1, 2, 32]);
});

/** [bands, frames] to [frames, bands]. */
function transposed(x: Float32Array, [bands, frames]: readonly number[]): Float32Array {
  return x.map((_, i) => x[(i % bands!) * frames! + Math.floor(i / bands!)]!);
}

Deno.test("convert() knows the attentive model, and runs it as the original does", async () => {
  await using folder = await testFolder();
  const { tensors } = decodeSafetensors(
    Deno.readFileSync(golden("performancernn-attentive-forward.safetensors")),
  );
  const state = [...tensors].filter(([key]) => key.startsWith("state/"))
    .map(([key, tensor]) => [key.slice(6), tensor] as const);
  const source = `${folder.path}/theirs.safetensors`, out = `${folder.path}/ours.safetensors`;
  await Deno.writeFile(source, encodeSafetensors(new Map(state)));
  await run({ source, out });
  const { metadata } = decodeSafetensors(await Deno.readFile(out));
  assertEquals(metadata.model, "performance_rnn_attentive");
  assertEquals(JSON.parse(metadata.hparams!).attentionWindow, 1);
  (await loadModel("performance_rnn_attentive", out)).dispose();
  const other = `${folder.path}/other.safetensors`;
  await refused(
    { source, out: other, model: "performance_rnn" },
    /is not a parameter of this model/,
  );
});

Deno.test("convert() takes the weights out of a run of ours, and its hparams", async () => {
  await using folder = await testFolder();
  using model = smallModel();
  const hparams = smallHParams();
  const state = await model.stateDict();
  const moment = { dtype: "F32", shape: [1], data: new Float32Array(1) } as const;
  const tensors = new Map<string, TensorData>([
    ...[...state].map(([key, tensor]) => [`model/${key}`, tensor] as const),
    ["optimizer/rnn/x/exp_avg", { ...moment, shape: [1] }],
  ]);
  const metadata = { model: "performance_rnn", hparams: JSON.stringify(hparams), step: "7" };
  await Deno.writeFile(
    `${folder.path}/best.safetensors`,
    await encodeCheckpoint(tensors, metadata),
  );
  const out = `${folder.path}/out.safetensors`;
  for (const source of [folder.path, `${folder.path}/best.safetensors`]) {
    await run({ source, out });
    const written = decodeSafetensors(await Deno.readFile(out));
    assertEquals(written.tensors, state);
    assertEquals(JSON.parse(written.metadata.hparams!), hparams);
    await Deno.remove(out);
  }
  await refused(
    { source: folder.path, out, model: "performance_rnn_attentive" },
    /of performance_rnn, not of performance_rnn_attentive/,
  );
  await refused({ source: folder.path, out: `${folder.path}/run` }, /no optimizer of PyTorch/);
});

Deno.test("convert() writes nothing with --dry-run, and nothing over what is there", async () => {
  await using folder = await testFolder();
  const source = golden("checkpoint-performancernn-zip.pt");
  const [file, folderOut] = [`${folder.path}/a.safetensors`, `${folder.path}/run`];
  for (const out of [file, folderOut]) {
    const { text } = await run({ source, out, dryRun: true });
    assert(text.startsWith(`Would write ${out}`), text);
    assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), []);
  }
  await run({ source, out: file });
  await run({ source, out: folderOut });
  await refused({ source, out: file }, /a file is there/);
  await refused({ source, out: folderOut }, /a run is there/);
  const bytes = await Deno.readFile(file);
  await refused({ source: golden("malicious-system-zip.pt"), out: `${folder.path}/b` }, /refused/);
  assertEquals(await Deno.readFile(file), bytes);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [
    "a.safetensors",
    "run",
  ]);
});

Deno.test("convert() makes a run whose moments and settings are those of PyTorch's Adam", async () => {
  await using folder = await testFolder();
  const out = `${folder.path}/run`;
  const { notes } = await run({ source: golden("checkpoint-performancernn-legacy.pt"), out });
  assert(/says step 3, its optimizer made 2 updates/.test(notes.join()), notes.join());
  const { tensors, hparams } = await readCheckpoint(checkpointPath(out, 2));
  for (const [i, key] of keys.entries()) {
    assertEquals(tensors.get(`model/${key}`), expected.tensors.get(`state/${key}`));
    for (const moment of ["exp_avg", "exp_avg_sq"]) {
      assertEquals(
        tensors.get(`optimizer/rnn/${key}/${moment}`),
        expected.tensors.get(`optimizer/${i}/${moment}`),
        key,
      );
    }
  }
  assertEquals(tensors.size, 3 * keys.length);
  assertEquals(hparams, JSON.parse(await Deno.readTextFile(`${out}/hparams.json`)));
  const { learningRate, adamBeta1, adamBeta2, adamEpsilon, weightDecay } = hparams as Record<
    string,
    number
  >;
  const settings = [learningRate, adamBeta1, adamBeta2, adamEpsilon, weightDecay];
  assertEquals(settings, [0.001, 0.9, 0.999, 1e-8, 0]);
});

Deno.test("a converted run makes the step that PyTorch makes", async () => {
  await using folder = await testFolder();
  const out = `${folder.path}/run`;
  await run({ source: golden("checkpoint-performancernn-zip.pt"), out });
  const { tensors, hparams } = await readCheckpoint(checkpointPath(out, 2));
  const inside = (prefix: string) =>
    new Map(
      [...tensors].filter(([key]) => key.startsWith(prefix))
        .map(([key, tensor]) => [key.slice(prefix.length), tensor]),
    );
  const settings = hparams as Parameters<typeof createNetworks<"performance_rnn">>[1];
  using model = createNetworks("performance_rnn", settings).loadStateDict(inside("model/"), out);
  const adam = new Adam(model.parameters(), settings);
  adam.loadState(inside("optimizer/rnn/"), out);
  const gradients = new Map([...model.parameters()].map(([key, { shape }]) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: count }, (_, i) => ((7919 * i) % 1000 - 500) / 1000);
    return [key, tf.tensor(values, [...shape])];
  }));
  adam.update(gradients, tf.scalar(1), settings.learningRate, 3);
  const after = decodeSafetensors(Deno.readFileSync(pathOf("interop/adam_step.safetensors")));
  for (const [key, { data }] of await model.stateDict()) {
    const pytorch = after.tensors.get(key)!.data as Float32Array;
    const before = tensors.get(`model/${key}`)!.data as Float32Array;
    const worst = pytorch.reduce((most, x, i) => Math.max(most, Math.abs(Number(data[i]) - x)), 0);
    const moved = pytorch.reduce((most, x, i) => Math.max(most, Math.abs(before[i]! - x)), 0);
    assert(worst < 1e-7 && moved > 1e-4, `${key}: error ${worst}, moved by ${moved}`);
  }
  tf.dispose([...gradients.values()]);
  adam.dispose();
});

/** A checkpoint as PyTorch saves it, of the small model with drawn moments. */
async function smallCheckpoint(
  change: { without?: string; weightDecay?: number; shape?: number[] } = {},
): Promise<Uint8Array> {
  using model = smallModel();
  const state = await model.stateDict();
  const moments = new Map(
    [...state].filter(([key]) => key !== change.without).map(
      ([key, { shape, data }], i) => {
        const moment = (scale: number): TensorData => ({
          dtype: "F32",
          shape: change.shape && i === 0 ? change.shape : shape,
          data: Float32Array.from(data as Float32Array, (x) => scale * (x * x + 1e-3)),
        });
        return [key, [moment(0.01), moment(0.001)] as const] as const;
      },
    ),
  );
  const settings = { ...group, weightDecay: change.weightDecay ?? 0 };
  return torchCheckpoint({ step: 5, state, moments, group: settings });
}

Deno.test("convert() starts parameters without moments at zero, aloud, and refuses others' moments", async () => {
  await using folder = await testFolder();
  const source = `${folder.path}/x.pt`, out = `${folder.path}/run`;
  await Deno.writeFile(source, await smallCheckpoint({ without: "output_fc.bias" }));
  const { notes } = await run({ source, out });
  assert(/"output_fc.bias" has no moments, it starts with zeros/.test(notes.join()), notes.join());
  const { tensors } = await readCheckpoint(checkpointPath(out, 5));
  const zeros = tensors.get("optimizer/rnn/output_fc.bias/exp_avg_sq")!;
  assertEquals(zeros, { dtype: "F32", shape: [240], data: new Float32Array(240) });
  await Deno.writeFile(source, await smallCheckpoint({ shape: [4, 24] }));
  const next = `${folder.path}/next`;
  await refused(
    { source, out: next },
    /exp_avg of "inithid_fc.weight" has shape \[4,24\], expected/,
  );
  await Deno.writeFile(source, await smallCheckpoint({ weightDecay: 0.01 }));
  const decaying = await run({ source, out: next });
  assert(/weight_decay 0.01 may be Adam's/.test(decaying.notes.join()), decaying.notes.join());
  const bare = golden("statedict-performancernn-half.pt");
  await refused({ source: bare, out: `${folder.path}/bare` }, /no optimizer of PyTorch is in it/);
});

Deno.test("readWeights() tells files by their content, not by their names", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/model.bin`;
  await Deno.writeFile(path, await smallCheckpoint());
  const { state, step, checkpoint } = await readWeights(path);
  assertEquals([state.size, step, checkpoint?.has("optimizer")], [15, 5, true]);
  using model = smallModel();
  const own = await model.stateDict();
  await Deno.writeFile(path, encodeSafetensors(own));
  const read = await readWeights(path);
  assertEquals([read.state, read.checkpoint], [own, undefined]);
  await Deno.writeFile(path, new Uint8Array([1, 2, 3]));
  await assertRejects(() => readWeights(path), CheckpointError);
  await assertRejects(() => readWeights(path, { module: "netG" }), CheckpointError);
  await Deno.writeFile(path, encodeSafetensors(new Map([["netG/a", own.get("output_fc.bias")!]])));
  assertEquals([...(await readWeights(path, { module: "netG" })).state.keys()], ["a"]);
  const wanted = { module: "netD" as const, model: "performance_rnn" as ModelId };
  await assertRejects(() => readWeights(path, wanted), /Cannot find "netD".*it holds netG/);
});
