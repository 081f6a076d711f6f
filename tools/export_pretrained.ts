/**
 * `deno task build:pretrained RUN`: makes the checkpoint that ships, `pretrained/<model>/model.safetensors`, from the
 * best one of a run: parameters alone, float16, under upstream's bare keys, with the hparams in the metadata.
 *
 * @module
 */
import { runPaths } from "../datatools/checkpoints/run_folder.ts";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type TensorData,
  toFloat16,
  toFloat32,
} from "../datatools/checkpoints/safetensors.ts";
import { modelState } from "../models/checkpoint.ts";

/** Rounds an array to float16. */
function halve(tensor: TensorData): TensorData {
  return { dtype: "F16", shape: tensor.shape, data: toFloat16(toFloat32(tensor)) };
}

const [run] = Deno.args;
if (run === undefined) throw new Error("Name the run folder: deno task build:pretrained runs/mine");
const { best } = runPaths(run);
const { tensors, metadata } = await decodeCheckpoint(await Deno.readFile(best), best);
const { model, hparams, step } = metadata;
const halves = new Map([...modelState(tensors)].map(([key, tensor]) => [key, halve(tensor)]));
const bytes = await encodeCheckpoint(halves, { model: model!, hparams: hparams!, step: step! });
const folder = new URL(`../pretrained/${model}/`, import.meta.url);
await Deno.mkdir(folder, { recursive: true });
await Deno.writeFile(new URL("model.safetensors", folder), bytes);
console.log(`pretrained/${model}/model.safetensors: step ${step}, ${bytes.length} bytes`);
