/**
 * Whether Python reads what we write and we read what Python writes: checkpoints by safetensors and PyTorch, logs by
 * TensorBoard. Needs `pip install torch safetensors tensorboard`, so it is run by hand:
 *
 *   deno run --allow-read --allow-write=DIR tests/interop/files.ts write DIR
 *   python3 tests/interop/files.py DIR
 *   deno run --allow-read=DIR tests/interop/files.ts read DIR
 *
 * @module
 */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import {
  decodeSafetensors,
  encodeCheckpoint,
  type TensorData,
  toFloat16,
  toFloat32,
} from "../../datatools/checkpoints/safetensors.ts";
import { readBytes, writeAtomic } from "../../datatools/io.ts";
import { encodePng } from "../../datatools/plot/png.ts";
import { RunLog } from "../../supervisors/logging/run_log.ts";
import { wavOf } from "../support/event_file.ts";

/** Floats of every size and both signs, those that are half-way between two half floats among them. */
function spreadFloats(): Float32Array {
  const bits = Uint32Array.from({ length: 100_000 }, (_, i) => Math.imul(i, 2654435761) >>> 0);
  const halfWay = Float32Array.from(
    { length: 4096 },
    (_, i) => (1 + (i + 0.5) / 1024) * 2 ** (i % 30 - 20),
  );
  return Float32Array.from([...new Float32Array(bits.buffer), ...halfWay]).filter((x) => !isNaN(x));
}

function ourTensors(): Map<string, TensorData> {
  const floats = spreadFloats();
  return new Map<string, TensorData>([
    ["flags", { dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) }],
    ["10", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ["2", { dtype: "I8", shape: [1], data: Int8Array.of(-2) }],
    ["float", { dtype: "F32", shape: [floats.length], data: floats }],
    ["half", { dtype: "F16", shape: [floats.length], data: toFloat16(floats) }],
    ["brain", { dtype: "BF16", shape: [1, 2], data: Uint16Array.of(0x3f80, 0xc000) }],
    ["double", { dtype: "F64", shape: [], data: Float64Array.of(Math.PI) }],
    ["long", { dtype: "I64", shape: [2], data: BigInt64Array.of(-5n, 2n ** 60n) }],
    ["int", { dtype: "I32", shape: [2, 1], data: Int32Array.of(-7, 7) }],
    ["short", { dtype: "I16", shape: [1], data: Int16Array.of(-300) }],
    ["empty", { dtype: "F32", shape: [0, 7], data: new Float32Array(0) }],
    ['ü"\n', { dtype: "F32", shape: [1], data: Float32Array.of(1) }],
  ]);
}

async function writeRun(folder: string, fromStep: number | undefined, to: number): Promise<void> {
  const options = { totalSteps: 9, stepsPerLog: 3, quiet: true, fromStep, hparams: { seed: 1 } };
  using log = await RunLog.open(folder, options);
  for (let step = (fromStep ?? 0) + 1; step <= to; step++) {
    log.step({ step, split: "train", values: { loss: step + to / 100 } });
  }
  log.step({ step: to, split: "valid", values: { loss: 2.5 } });
  log.image("sample", encodePng(3, 2, new Uint8Array(18).fill(200)), to);
  log.audio("sample", wavOf({ nFrames: 16 }), to);
}

async function write(dir: string): Promise<void> {
  const bytes = await encodeCheckpoint(ourTensors(), { "ü": '"x"', step: "9" });
  await writeAtomic(`${dir}/ours.safetensors`, bytes);
  await writeRun(`${dir}/run`, undefined, 7);
  await writeRun(`${dir}/run`, 4, 9); // resumed from the checkpoint of step 4
}

async function read(dir: string): Promise<void> {
  const { tensors, metadata } = decodeSafetensors(await readBytes(`${dir}/theirs.safetensors`));
  deepEqual({ ...metadata }, { from: "python" });
  for (const [key, { shape }] of tensors) deepEqual(shape, key === "scalar" ? [] : [2, 3], key);
  const names = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8"];
  for (const name of [...names, "uint8"]) {
    deepEqual([...toFloat32(tensors.get(name)!)], [0, 1, 2, 3, 4, 5], name);
  }
  deepEqual([...toFloat32(tensors.get("bool")!)], [0, 1, 1, 1, 1, 1]);
  deepEqual(tensors.get("scalar")!.data, Float32Array.of(2.5));
}

const [command, dir] = Deno.args;
if (dir === undefined) throw new Error("usage: files.ts write|read DIR");
await (command === "write" ? write(dir) : read(dir));
