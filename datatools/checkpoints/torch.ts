/**
 * Reading what `torch.save` wrote, without PyTorch and without running anything of it.
 *
 * @module
 */
import { CheckpointError } from "./checkpoint_error.ts";
import type { PickleValue } from "./pickle_value.ts";
import { PickledTensor } from "./pickled_tensor.ts";
import type { TensorData } from "./tensor_data.ts";
import { readTorchLegacy } from "./torch_legacy.ts";
import { readTorchZip } from "./torch_zip.ts";

export type { PickledTensor, View } from "./pickled_tensor.ts";
export type { PickleKey, PickleObject, PickleValue } from "./pickle_value.ts";

/** Tensors by their full keys. */
export type StateDict = ReadonlyMap<string, TensorData>;

const zipStart = [0x50, 0x4b, 3, 4];
const legacyStart = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** Whether a file begins as `torch.save` begins one: a zip, or the pickle of the older container's magic number. */
export function isTorchFile(bytes: Uint8Array): boolean {
  const afterProtocol = [2, 11].some((at) => startsWith(bytes, at, legacyStart)); // 11: after a frame
  return startsWith(bytes, 0, zipStart) || bytes[0] === 0x80 && afterProtocol;
}

/**
 * Reads a `.pt` file, in the zip container or the older one: dictionaries as Maps, lists and tuples as arrays,
 * tensors and NumPy arrays as {@linkcode TensorData} (see {@linkcode isTensor}), row-major and whole, whatever view of
 * which storage they were. Tensors that share numbers may share memory here: do not write into them.
 *
 * @param name What errors call the file
 * @throws {CheckpointError} If it is damaged, is no such file, or holds anything but data; names the opcode or
 *   global that was refused
 *
 * @example Look into a file
 * ```ts ignore
 * const value = readTorch(await Deno.readFile("checkpoint.pt"), "checkpoint.pt");
 * if (value instanceof Map) console.log([...value.keys()]);
 * ```
 */
export function readTorch(bytes: Uint8Array, name: string): PickleValue {
  if (startsWith(bytes, 0, zipStart)) return readTorchZip(bytes, name);
  if (isTorchFile(bytes)) return readTorchLegacy(bytes, name);
  throw new CheckpointError(
    `Cannot load "${name}": it does not begin as a file of torch.save does`,
  );
}

/** Whether a value is a tensor or an array of numbers. */
export function isTensor(value: PickleValue | undefined): value is PickledTensor {
  return value instanceof PickledTensor && value.isFilled;
}

/** The state dictionary that a value is: a dictionary of tensors, not empty; undefined if it is none. */
export function asStateDict(value: PickleValue | undefined): StateDict | undefined {
  if (!(value instanceof Map) || value.size === 0) return undefined;
  const entries = [...value];
  const isOne = entries.every(([key, tensor]) => typeof key === "string" && isTensor(tensor));
  return isOne ? value as Map<string, PickledTensor> : undefined;
}

function startsWith(bytes: Uint8Array, at: number, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[at + i] === byte);
}
