/**
 * The container of `torch.save` since PyTorch 1.6: a zip, without compression, of `NAME/data.pkl` and
 * `NAME/data/KEY` for each storage.
 *
 * Source: `torch/serialization.py`.
 *
 * @module
 */
import { unzipSync } from "../../deps/fflate.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import { readPickle } from "./pickle.ts";
import type { PickleValue } from "./pickle_value.ts";
import { TorchTensors } from "./torch_tensors.ts";

const mostEntries = 100_000;
const pickleName = "data.pkl";

/** Reads such a file. @throws {CheckpointError} If it is damaged or anything in it is refused */
export function readTorchZip(bytes: Uint8Array, name: string): PickleValue {
  const fail = (problem: string, key?: string, cause?: unknown) =>
    new CheckpointError(`Cannot load "${name}": ${problem}`, key, { cause });
  const entries = unzip(bytes, fail);
  const roots = [...entries.keys()].filter((path) => path.endsWith(`/${pickleName}`));
  if (roots.length !== 1) {
    throw fail(
      `it has ${roots.length} entries ${pickleName}, expected 1; torch.save did not write it`,
    );
  }
  const root = roots[0]!.slice(0, -pickleName.length);
  checkByteOrder(entries.get(`${root}byteorder`), fail);
  const tensors = new TorchTensors(bytes.length);
  const { globals } = tensors;
  const pickle = entries.get(root + pickleName)!;
  const persistent = (id: PickleValue) => tensors.storage(id);
  const { value, end } = readPickle(pickle, { name, globals, persistent });
  if (end !== pickle.length) throw fail(`${pickleName} ends at byte ${end} of ${pickle.length}`);
  for (const [key, storage] of tensors.storages) {
    const raw = entries.get(`${root}data/${key}`);
    if (raw?.length !== storage.byteLength) {
      const found = raw ? `${raw.length} bytes` : "missing";
      throw fail(`the storage "${key}" is ${found}, expected ${storage.byteLength} bytes`, key);
    }
    storage.bytes = raw;
  }
  tensors.fill();
  return value;
}

type Fail = (problem: string, key?: string, cause?: unknown) => CheckpointError;

/** The entries by path. Each is checked before its bytes are touched, and all lie in the file once. */
function unzip(bytes: Uint8Array, fail: Fail): Map<string, Uint8Array> {
  const sizes = new Map<string, number>();
  let total = 0;
  const check = (
    entry: { name: string; size: number; originalSize: number; compression: number },
  ) => {
    const path = JSON.stringify(entry.name.slice(0, 200));
    if (!isPlainPath(entry.name)) throw fail(`the entry ${path} is no plain path`);
    if (sizes.has(entry.name)) throw fail(`the entry ${path} is there twice`);
    if (sizes.size >= mostEntries) throw fail(`it has more than ${mostEntries} entries`);
    if (entry.compression !== 0 || entry.size !== entry.originalSize) {
      throw fail(`the entry ${path} is compressed, which torch.save never does; save it again`);
    }
    total += entry.size;
    if (!(total <= bytes.length)) throw fail(`its entries claim more bytes than it has`);
    sizes.set(entry.name, entry.size);
    return true;
  };
  let found: Record<string, Uint8Array>;
  try {
    found = unzipSync(bytes, { filter: check });
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw fail("its table of entries is damaged; the file was cut or is no zip", undefined, cause);
  }
  const entries = new Map(Object.entries(found));
  for (const [path, size] of sizes) {
    if (entries.get(path)?.length !== size) throw fail(`the entry "${path}" was cut`);
  }
  return entries;
}

/** Names with slashes between them: no root, no way up, nothing that an object has of its own. */
function isPlainPath(path: string): boolean {
  return path.length <= 1000 &&
    path.split("/").every((part) => /^[^\0\\:]+$/.test(part) && !/^(\.\.?|__proto__)$/.test(part));
}

function checkByteOrder(entry: Uint8Array | undefined, fail: Fail): void {
  if (entry === undefined) return; // before PyTorch 2.1
  const order = new TextDecoder().decode(entry.subarray(0, 20));
  if (order !== "little") {
    throw fail(
      `its numbers are ${JSON.stringify(order)}-endian; save it on a little-endian machine`,
    );
  }
}
