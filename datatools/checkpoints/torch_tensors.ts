/** PyTorch's tensors in a pickle: the globals that make them, and the storages that they view. @module */
import { CheckpointError } from "./checkpoint_error.ts";
import { dataGlobals } from "./data_globals.ts";
import { PickleGlobal, PickleObject, type PickleValue } from "./pickle_value.ts";
import { checkView, countOf, countsOf, PickledTensor, type View } from "./pickled_tensor.ts";
import { type DType, widthOf } from "./tensor_data.ts";

const dtypeOfStorage: Readonly<Record<string, DType>> = {
  "torch.DoubleStorage": "F64",
  "torch.FloatStorage": "F32",
  "torch.HalfStorage": "F16",
  "torch.BFloat16Storage": "BF16",
  "torch.LongStorage": "I64",
  "torch.IntStorage": "I32",
  "torch.ShortStorage": "I16",
  "torch.CharStorage": "I8",
  "torch.ByteStorage": "U8",
  "torch.BoolStorage": "BOOL",
};

/** Numbers that tensors are views of. */
export class TorchStorage extends PickleObject {
  /** The numbers as they lie in the file, once that is known. */
  bytes: Uint8Array | undefined;

  constructor(readonly key: string, readonly dtype: DType, readonly length: number) {
    super();
  }

  /** Its length in bytes. */
  get byteLength(): number {
    return this.length * widthOf(this.dtype);
  }
}

/** The tensors and storages of one file. */
export class TorchTensors {
  /** Storages by the keys that the file gives them. */
  readonly storages = new Map<string, TorchStorage>();
  /** All globals that the file may name. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  readonly #tensors: { tensor: PickledTensor; storage: TorchStorage; view: View }[] = [];
  readonly #maxBytes: number;
  #bytes = 0;

  /**
   * Begins without any.
   *
   * @param fileBytes The length of the file: all tensors together may have four times that and 64 MiB, so that
   *   views which repeat numbers stay harmless
   */
  constructor(fileBytes: number) {
    this.#maxBytes = 4 * fileBytes + 2 ** 26;
    this.globals = new Map([...dataGlobals, ...this.#table()]);
  }

  /**
   * The storage of a persistent id: `("storage", type, key, device, length)`; the device does not matter.
   *
   * @throws {CheckpointError} If the id is of another kind, or two ids disagree
   */
  storage(id: PickleValue): TorchStorage {
    const [kind, type, key, , numel, part] = Array.isArray(id) ? id : [];
    if (kind !== "storage" || !(type instanceof PickleGlobal) || typeof key !== "string") {
      throw new CheckpointError('its id is not ("storage", type, key, device, length)');
    }
    if (part !== undefined && part !== null) {
      throw new CheckpointError("it is a part of another one, as PyTorch wrote before 0.4");
    }
    const dtype = dtypeOfStorage[type.name];
    if (!dtype) throw new CheckpointError(`${type.name} is no type of storage`);
    const length = countOf(numel, "length");
    const known = this.storages.get(key);
    if (!known) {
      const storage = new TorchStorage(key, dtype, length);
      this.storages.set(key, storage);
      return storage;
    }
    if (known.dtype === dtype && known.length === length) return known;
    throw new CheckpointError(`${JSON.stringify(key)} is given twice, with other types or lengths`);
  }

  /** Gives every tensor its numbers, once all storages have theirs. */
  fill(): void {
    for (const { tensor, storage, view } of this.#tensors) {
      tensor.fill(storage.dtype, storage.bytes!, view);
    }
  }

  #table(): [string, PickleGlobal][] {
    const makers: [string, ((args: readonly PickleValue[]) => PickleValue)?][] = [
      ["torch._utils._rebuild_tensor_v2", (args) => this.#tensor(args)],
      ["torch._utils._rebuild_parameter", ([tensor]) => this.#parameter(tensor)],
      ["torch.nn.parameter.Parameter", ([tensor]) => this.#parameter(tensor)],
      ["torch.Size", ([sizes]) => Object.freeze([...countsOf(sizes, "sizes")])],
      ...Object.keys(dtypeOfStorage).map((name): [string] => [name]),
    ];
    return makers.map(([name, make]) => [name, new PickleGlobal(name, make)]);
  }

  /** `(storage, offset, sizes, strides, ...)`. */
  #tensor([storage, offset, sizes, strides]: readonly PickleValue[]): PickledTensor {
    if (!(storage instanceof TorchStorage)) throw new CheckpointError("a tensor has no storage");
    const view = {
      offset: countOf(offset, "offset"),
      shape: countsOf(sizes, "sizes"),
      strides: countsOf(strides, "strides"),
    };
    this.#bytes += checkView(view, storage.length) * widthOf(storage.dtype);
    if (!(this.#bytes <= this.#maxBytes)) {
      throw new CheckpointError(
        `shape [${view.shape}]: all tensors together have more than ${this.#maxBytes} bytes, ` +
          "which is more than such a file can hold",
      );
    }
    const tensor = new PickledTensor();
    this.#tensors.push({ tensor, storage, view });
    return tensor;
  }

  #parameter(tensor: PickleValue | undefined): PickledTensor {
    if (tensor instanceof PickledTensor) return tensor;
    throw new CheckpointError("a parameter is no tensor");
  }
}
