/**
 * Whether weights travel: ours to PyTorch, which must repeat the logits, and back, bit for bit. Needs
 * `pip install torch safetensors`, so it is run by hand:
 *
 *   deno run --allow-read --allow-write=DIR tests/interop/weights.ts write DIR
 *   python3 tests/interop/weights.py DIR
 *   deno run --allow-read --allow-write=DIR tests/interop/weights.ts read DIR
 *
 * @module
 */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { checkpointPath, readCheckpoint } from "../../datatools/checkpoints/run_folder.ts";
import {
  decodeSafetensors,
  encodeCheckpoint,
  encodeSafetensors,
  type TensorData,
} from "../../datatools/checkpoints/safetensors.ts";
import { RandomStream } from "../../datatools/random.ts";
import { tf } from "../../deps/tf.ts";
import { parseHParams } from "../../hparams/load.ts";
import type { EventModelId } from "../../hparams/registry.ts";
import type { EventRnn } from "../../models/decoding/event_rnn.ts";
import { openBackend } from "../../models/device/mod.ts";
import { inferencePass } from "../../models/nn/mod.ts";
import { createNetworks, loadModel } from "../../models/registry.ts";
import { convert } from "../../supervisors/convert.ts";

const time = 40, batch = 3;
const models: Readonly<Record<string, EventModelId>> = {
  performance_rnn: "performance_rnn", // the checkpoint that ships
  performance_rnn_attentive: "performance_rnn_attentive",
  upstream_attention: "performance_rnn_attentive", // to one input
};
const terminal = { print: console.log, note: console.log, interactive: false };

/** Events, controls and latents, and the logits that our network gives for them. */
async function probe(model: EventRnn): Promise<Map<string, TensorData>> {
  const { eventDim, controlDim, initDim } = model.hparams;
  const random = new RandomStream(3, "probe");
  const draw = (index: number, shape: number[], dtype: "float32" | "int32" = "float32") => {
    const values = random.uniform(index, shape.reduce((a, b) => a * b, 1));
    return tf.tensor(dtype === "int32" ? values.map((x) => x * eventDim) : values, shape, dtype);
  };
  const latent = draw(0, [batch, initDim]) as tf.Tensor2D;
  const events = draw(1, [time, batch], "int32") as tf.Tensor2D;
  const controls = draw(2, [time, batch, controlDim]) as tf.Tensor3D;
  const state = model.startState(latent);
  const logits = (given: tf.Tensor3D | null) =>
    model.forward({ events, controls: given, state }, inferencePass).logits;
  const tensors: [string, tf.Tensor][] = [
    ["latent", latent],
    ["events", events],
    ["controls", controls],
    ["steered", logits(controls)],
    ["free", logits(null)],
  ];
  const read = tensors.map(async ([name, tensor]): Promise<[string, TensorData]> => {
    const dtype = name === "events" ? "I32" : "F32";
    return [name, { dtype, shape: tensor.shape, data: await tensor.data() as Float32Array }];
  });
  return new Map(await Promise.all(read));
}

async function write(dir: string): Promise<void> {
  for (const [name, model] of Object.entries(models)) {
    const out = `${dir}/${name}.safetensors`;
    if (name === "performance_rnn") await convert({ source: "pretrained", out, model }, terminal);
    else {
      const preset = name === "upstream_attention" ? "upstream" : "tiny";
      const file = { hiddenDim: 64, gruLayers: 2, initDim: 8 };
      const hparams = parseHParams("performance_rnn_attentive", { preset, file });
      using drawn = createNetworks("performance_rnn_attentive", hparams).initialize(5);
      const state = [...await drawn.stateDict()].map(([key, tensor]) =>
        [`model/${key}`, tensor] as const
      );
      const metadata = { model, hparams: JSON.stringify(hparams), step: "7" };
      const source = `${dir}/${name}-run.safetensors`;
      await Deno.writeFile(source, await encodeCheckpoint(new Map(state), metadata));
      await convert({ source, out }, terminal);
    }
    using ours = await loadModel(model, out);
    await Deno.writeFile(`${dir}/${name}-probe.safetensors`, encodeSafetensors(await probe(ours)));
  }
}

const tensorsOf = async (path: string) =>
  decodeSafetensors(await Deno.readFile(path), path).tensors;

async function read(dir: string): Promise<void> {
  for (const name of Object.keys(models)) {
    const ours = await tensorsOf(`${dir}/${name}.safetensors`);
    const trained = await tensorsOf(`${dir}/${name}-trained.safetensors`);
    for (const container of ["zip", "legacy"]) {
      const back = `${dir}/${name}-${container}-back.safetensors`;
      await convert({ source: `${dir}/${name}-bare-${container}.pt`, out: back }, terminal);
      deepEqual(sorted(await tensorsOf(back)), sorted(ours));
      const run = `${dir}/${name}-${container}-run`;
      await convert({ source: `${dir}/${name}-trained-${container}.pt`, out: run }, terminal);
      const { tensors } = await readCheckpoint(checkpointPath(run, 3));
      const bare = [...tensors].map(([key, tensor]) =>
        [key.replace(/^(model|optimizer\/rnn)\//, ""), tensor] as const
      );
      deepEqual(sorted(new Map(bare)), sorted(trained));
      console.log(`${name}, ${container}: ${ours.size} tensors and ${bare.length} of a run, equal`);
    }
  }
}

function sorted(tensors: ReadonlyMap<string, TensorData>): [string, TensorData][] {
  return [...tensors].sort(([a], [b]) => a < b ? -1 : 1);
}

const [command, dir] = Deno.args;
if (dir === undefined) throw new Error("usage: weights.ts write|read DIR");
await openBackend("wasm");
await (command === "write" ? write(dir) : read(dir));
