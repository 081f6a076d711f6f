/** Checkpoints as PyTorch saves them, built here. */
import type { TensorData } from "../../datatools/checkpoints/safetensors.ts";
import { bytesOf, op, tensorPickle, torchZip } from "./pickle_bytes.ts";

const float = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value); // big-endian
  return bytesOf("G", bytes);
};
const dictionary = (items: readonly (readonly [Uint8Array, Uint8Array])[]) =>
  bytesOf("}(", ...items.flat(), "u");

/** Settings of Adam as `param_groups` names them. */
export interface AdamGroup {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

/** A `.pt` file of `{step, model, optimizer}` as the original writes it; all tensors float32. */
export function torchCheckpoint(content: {
  readonly step: number;
  readonly state: ReadonlyMap<string, TensorData>;
  /** By key: exp_avg and exp_avg_sq. */
  readonly moments: ReadonlyMap<string, readonly [TensorData, TensorData]>;
  readonly group: AdamGroup;
}): Uint8Array {
  const { step, state, moments, group } = content;
  const storages: Record<string, Uint8Array> = {};
  const tensor = ({ shape, data }: TensorData) => {
    const key = String(Object.keys(storages).length);
    storages[key] = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    return tensorPickle({ key, length: data.length, shape, strides });
  };
  const model = [...state].map(([key, value]) => [op.text(key), tensor(value)] as const);
  const entries = [...state.keys()].flatMap((key, i) => {
    const both = moments.get(key);
    if (!both) return [];
    const fields = dictionary([
      [op.text("step"), float(step)],
      [op.text("exp_avg"), tensor(both[0])],
      [op.text("exp_avg_sq"), tensor(both[1])],
    ]);
    return [[op.int(i), fields] as const];
  });
  const settings = dictionary([
    [op.text("lr"), float(group.lr)],
    [op.text("betas"), op.tuple(...group.betas.map(float))],
    [op.text("eps"), float(group.eps)],
    [op.text("weight_decay"), float(group.weightDecay)],
    [op.text("amsgrad"), bytesOf(0x89)],
    [op.text("params"), bytesOf("](", ...[...state.keys()].map((_, i) => op.int(i)), "e")],
  ]);
  const optimizer = dictionary([
    [op.text("state"), dictionary(entries)],
    [op.text("param_groups"), bytesOf("]", settings, "a")],
  ]);
  const root = dictionary([
    [op.text("step"), op.int(step)],
    [op.text("model"), dictionary(model)],
    [op.text("optimizer"), optimizer],
  ]);
  return torchZip(bytesOf(op.proto, root, "."), storages);
}
