/** Builds pickles, and the files around them, byte by byte. */

/** Bytes: numbers are bytes, texts their UTF-8. */
export function bytesOf(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  const encoder = new TextEncoder();
  const pieces = parts.map((part) => {
    if (typeof part === "number") return Uint8Array.of(part);
    return typeof part === "string" ? encoder.encode(part) : part;
  });
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** `count` bytes of an integer, the lowest first. */
export function little(value: number | bigint, count: number): Uint8Array {
  return Uint8Array.from(
    { length: count },
    (_, i) => Number(BigInt.asUintN(8 * count, BigInt(value)) >> BigInt(8 * i) & 255n),
  );
}

/** Opcodes with what stands behind them. */
export const op = {
  proto: bytesOf(0x80, 2),
  mark: "(",
  stop: ".",
  global: (module: string, name: string) => bytesOf("c", module, "\n", name, "\n"),
  text: (text: string) => bytesOf("X", little(new TextEncoder().encode(text).length, 4), text),
  int: (value: number) => bytesOf("J", little(value, 4)),
  long: (value: bigint) => bytesOf(0x8a, 8, little(value, 8)),
  put: (index: number) => bytesOf("q", index),
  get: (index: number) => bytesOf("h", index),
  tuple: (...items: Uint8Array[]) => bytesOf("(", ...items, "t"),
  reduce: "R",
};

/** The call that makes a tensor, over a storage of `length` numbers. */
export function tensorPickle(view: {
  readonly type?: string;
  readonly key?: string;
  readonly length: number;
  readonly offset?: number;
  readonly shape: readonly (number | bigint)[];
  readonly strides: readonly (number | bigint)[];
}): Uint8Array {
  const { type = "FloatStorage", key = "0", length, offset = 0, shape, strides } = view;
  const integer = (value: number | bigint) =>
    typeof value === "bigint" || Math.abs(value) >= 2 ** 31
      ? op.long(BigInt(value))
      : op.int(value);
  const sizes = (values: readonly (number | bigint)[]) => op.tuple(...values.map(integer));
  const id = op.tuple(
    op.text("storage"),
    op.global("torch", type),
    op.text(key),
    op.text("cpu"),
    integer(length),
  );
  return bytesOf(
    op.global("torch._utils", "_rebuild_tensor_v2"),
    op.mark,
    id,
    "Q",
    integer(offset),
    sizes(shape),
    sizes(strides),
    bytesOf(0x89), // requires_grad
    op.global("collections", "OrderedDict"),
    ")R",
    "t",
    op.reduce,
  );
}

/** An entry of a zip, and what it claims. */
export interface ZipEntry {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** 0 stored, 8 deflated. */
  readonly method?: number;
  /** The size that is claimed after unpacking. */
  readonly size?: number;
}

/** A zip of entries as they are given, whatever they claim. */
export function zipOf(entries: readonly ZipEntry[], count = entries.length): Uint8Array {
  const parts: Uint8Array[] = [], table: Uint8Array[] = [];
  let at = 0;
  for (const { path, bytes, method = 0, size = bytes.length } of entries) {
    const name = bytesOf(path);
    const common = bytesOf(
      little(20, 2),
      little(0x800, 2), // names are UTF-8
      little(method, 2),
      little(0, 8), // time, date, checksum: torch.save may leave it out
      little(bytes.length, 4),
      little(size, 4),
      little(name.length, 2),
      little(0, 2),
    );
    table.push(bytesOf("PK", 1, 2, little(20, 2), common, little(0, 10), little(at, 4), name));
    const local = bytesOf("PK", 3, 4, common, name);
    parts.push(local, bytes);
    at += local.length + bytes.length;
  }
  const directory = bytesOf(...table);
  const end = bytesOf(
    "PK",
    5,
    6,
    little(0, 4),
    little(count, 2),
    little(count, 2),
    little(directory.length, 4),
    little(at, 4),
    little(0, 2),
  );
  return bytesOf(...parts, directory, end);
}

/** A `.pt` file of a pickle and storages. */
export function torchZip(
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array {
  return zipOf([
    { path: "x/data.pkl", bytes: pickle },
    ...Object.entries(storages).map(([key, bytes]) => ({ path: `x/data/${key}`, bytes })),
    { path: "x/version", bytes: bytesOf("3\n") },
  ]);
}

/** A file of the older container. */
export function torchLegacy(
  pickle: Uint8Array,
  storages: readonly (readonly [string, number | bigint, Uint8Array])[] = [],
): Uint8Array {
  return bytesOf(
    bytesOf(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, "."),
    bytesOf(0x80, 2, "M", little(1001, 2), "."),
    bytesOf(0x80, 2, "}."),
    pickle,
    bytesOf(0x80, 2, "](", ...storages.map(([key]) => op.text(key)), "e."),
    ...storages.flatMap(([, count, bytes]) => [little(count, 8), bytes]),
  );
}
