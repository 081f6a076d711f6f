/**
 * The container of `torch.save` before PyTorch 1.6: five pickles (a magic number, a version, the machine, the
 * value, the keys of the storages), then each storage as its length and its numbers.
 *
 * Source: `torch/serialization.py`.
 *
 * @module
 */
import { CheckpointError } from "./checkpoint_error.ts";
import { dataGlobals } from "./data_globals.ts";
import { readPickle } from "./pickle.ts";
import type { PickleValue } from "./pickle_value.ts";
import { TorchTensors } from "./torch_tensors.ts";

/** What the first pickle holds. */
const magic = 0x1950a86a20f9469cfc6cn;
const version = 1001;

/** Reads such a file. @throws {CheckpointError} If it is damaged or anything in it is refused */
export function readTorchLegacy(bytes: Uint8Array, name: string): PickleValue {
  const fail = (problem: string, key?: string) =>
    new CheckpointError(`Cannot load "${name}": ${problem}`, key);
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = readPickle(bytes, { name, at, globals: dataGlobals });
    at = end;
    return value;
  };
  if (next() !== magic) throw fail("it does not begin as torch.save begins a file");
  const found = next();
  if (found !== version) throw fail(`its version is ${String(found)}, expected ${version}`);
  const machine = next();
  if (machine instanceof Map && machine.get("little_endian") === false) {
    throw fail("its numbers are big-endian; save it on a little-endian machine");
  }
  const tensors = new TorchTensors(bytes.length);
  const { globals } = tensors;
  const persistent = (id: PickleValue) => tensors.storage(id);
  const { value, end } = readPickle(bytes, { name, at, globals, persistent });
  at = end;
  const keys = next();
  readStorages(bytes.subarray(at), keys, tensors, fail);
  tensors.fill();
  return value;
}

/** Takes the storages, in the order of `keys`, from `bytes`, which they fill. */
function readStorages(
  bytes: Uint8Array,
  keys: PickleValue,
  { storages }: TorchTensors,
  fail: (problem: string, key?: string) => CheckpointError,
): void {
  if (!Array.isArray(keys)) throw fail("its list of storages is missing");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (const key of keys as readonly PickleValue[]) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (!storage || storage.bytes) throw fail("its list of storages names one twice, or none");
    const { byteLength, length } = storage;
    const left = bytes.length - at - 8;
    if (left < byteLength) {
      throw fail(`the storage "${key}" has ${byteLength} bytes, ${left} are left`, storage.key);
    }
    const found = view.getBigUint64(at, true);
    if (found !== BigInt(length)) {
      throw fail(`the storage "${key}" has ${found} numbers, expected ${length}`, storage.key);
    }
    storage.bytes = bytes.subarray(at + 8, at + 8 + byteLength);
    at += 8 + byteLength;
  }
  const missing = [...storages.values()].find((storage) => !storage.bytes);
  if (missing) throw fail(`the storage "${missing.key}" is missing`, missing.key);
  if (at !== bytes.length) throw fail(`${bytes.length - at} bytes follow the last storage`);
}
