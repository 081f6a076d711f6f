import { deepStrictEqual as deepEqual, ok, strictEqual, throws } from "node:assert/strict";
import { fc } from "../../../deps/fast_check.ts";
import {
  CheckpointError,
  decodeSafetensors,
  encodeSafetensors,
  type TensorArray,
} from "../../../datatools/checkpoints/safetensors.ts";
import {
  asStateDict,
  isTensor,
  isTorchFile,
  type PickleValue,
  readTorch,
} from "../../../datatools/checkpoints/torch.ts";
import { opcodeNames } from "../../../datatools/checkpoints/pickle_opcodes.ts";
import { TorchTensors } from "../../../datatools/checkpoints/torch_tensors.ts";
import {
  bytesOf,
  little,
  op,
  tensorPickle,
  torchLegacy,
  torchZip,
  type ZipEntry,
  zipOf,
} from "../../support/pickle_bytes.ts";

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const six = floats(0, 1, 2, 3, 4, 5);
const golden = (name: string) =>
  Deno.readFileSync(new URL(`../../golden/${name}`, import.meta.url));

function refused(file: Uint8Array, message: RegExp, key?: string): void {
  throws(
    () => readTorch(file, "x.pt"),
    (error) => {
      ok(error instanceof CheckpointError, String(error));
      ok(message.test(error.message), error.message);
      ok(error.message.startsWith('Cannot load "x.pt": '), error.message);
      strictEqual(error.key, key);
      return true;
    },
  );
}

type View = Parameters<typeof tensorPickle>[0];
const pickleOf = (view: View) => bytesOf(op.proto, tensorPickle(view), ".");
/** One tensor in both containers. */
const filesOf = (view: View, storage: Uint8Array) => [
  torchZip(pickleOf(view), { 0: storage }),
  torchLegacy(pickleOf(view), [["0", view.length, storage]]),
];

function tensorIn(file: Uint8Array): { dtype: string; shape: number[]; values: number[] } {
  const tensor = readTorch(file, "x.pt");
  ok(isTensor(tensor));
  const { dtype, shape, data } = tensor;
  return { dtype, shape, values: Array.from(data as Float32Array) };
}

Deno.test("readTorch() makes any view of a storage row-major, in both containers", () => {
  const view = (shape: number[], strides: number[], offset = 0) => ({
    length: 6,
    shape,
    strides,
    offset,
  });
  const cases: [View, number[]][] = [
    [view([2, 3], [3, 1]), [0, 1, 2, 3, 4, 5]],
    [view([3, 2], [1, 3]), [0, 3, 1, 4, 2, 5]],
    [view([2, 2], [3, 1], 1), [1, 2, 4, 5]],
    [view([2, 2, 1], [1, 3, 99], 1), [1, 4, 2, 5]],
    [view([3, 2], [0, 5]), [0, 5, 0, 5, 0, 5]], // expanded
    [view([2, 2, 2], [1, 2, 1]), [0, 1, 2, 3, 1, 2, 3, 4]], // over each other
    [view([], [], 4), [4]],
    [view([1, 1], [7, 9], 5), [5]],
    [view([0, 4], [4, 1], 6), []],
    [view([3, 0, 2 ** 40], [1, 1, 1]), []],
  ];
  for (const [each, values] of cases) {
    for (const file of filesOf(each, six)) {
      deepEqual(tensorIn(file), { dtype: "F32", shape: [...each.shape], values });
    }
  }
});

Deno.test("readTorch() equals a direct walk for views of every kind", () => {
  const axis = fc.record({ size: fc.integer({ min: 0, max: 4 }), stride: fc.nat(5) });
  fc.assert(fc.property(fc.array(axis, { maxLength: 4 }), fc.nat(3), (axes, offset) => {
    const shape = axes.map(({ size }) => size), strides = axes.map(({ stride }) => stride);
    const storage = Array.from({ length: 100 }, (_, i) => i);
    const walk = (from: number, axis: number): number[] =>
      axis === shape.length
        ? [storage[from]!]
        : Array.from({ length: shape[axis]! }, (_, i) => walk(from + i * strides[axis]!, axis + 1))
          .flat();
    const file = torchZip(pickleOf({ length: 100, shape, strides, offset }), {
      0: floats(...storage),
    });
    deepEqual(tensorIn(file), { dtype: "F32", shape, values: walk(offset, 0) });
  }));
});

Deno.test("readTorch() reads each type of storage", () => {
  const types: [string, string, TensorArray][] = [
    ["DoubleStorage", "F64", Float64Array.of(1, -2, 0.5)],
    ["FloatStorage", "F32", Float32Array.of(1, -2, 0.5)],
    ["HalfStorage", "F16", Uint16Array.of(0x3c00, 0xc000, 0x3800)],
    ["BFloat16Storage", "BF16", Uint16Array.of(0x3f80, 0xc000, 0x3f00)],
    ["LongStorage", "I64", BigInt64Array.of(1n, -2n, 2n ** 62n)],
    ["IntStorage", "I32", Int32Array.of(1, -2, 2 ** 30)],
    ["ShortStorage", "I16", Int16Array.of(1, -2, 2 ** 14)],
    ["CharStorage", "I8", Int8Array.of(1, -2, 64)],
    ["ByteStorage", "U8", Uint8Array.of(1, 2, 255)],
    ["BoolStorage", "BOOL", Uint8Array.of(1, 0, 1)],
  ];
  for (const [type, dtype, data] of types) {
    const storage = new Uint8Array(data.buffer);
    for (const file of filesOf({ type, length: 3, shape: [3], strides: [1] }, storage)) {
      const found = readTorch(file, "x.pt");
      ok(isTensor(found));
      deepEqual([found.dtype, found.data.constructor, [...found.data]], [
        dtype,
        data.constructor,
        [...data],
      ]);
    }
  }
  refused(
    torchZip(pickleOf({ type: "ComplexFloatStorage", length: 1, shape: [1], strides: [1] })),
    /global "torch\.ComplexFloatStorage" is refused/,
  );
});

Deno.test("readTorch() lets tensors share a storage, and shares no more than that", () => {
  const one = tensorPickle({ length: 6, shape: [4], strides: [1] });
  const two = tensorPickle({ length: 6, shape: [4], strides: [1], offset: 2 });
  const value = readTorch(
    torchZip(bytesOf(op.proto, "(", one, two, "t."), { 0: six }),
    "x.pt",
  ) as PickleValue[];
  deepEqual(value.map((tensor) => isTensor(tensor) && [...tensor.data as Float32Array]), [
    [0, 1, 2, 3],
    [2, 3, 4, 5],
  ]);
});

Deno.test("readTorch() refuses views that leave their storage, or are none", () => {
  const check = (view: Partial<View>, message: RegExp) => {
    const whole = { length: 6, shape: [6], strides: [1], ...view };
    for (const file of filesOf(whole, six)) refused(file, message);
  };
  check({ shape: [7] }, /reach number 6, its storage has 6/);
  check({ shape: [2], strides: [6] }, /reach number 6/);
  check({ offset: 1 }, /reach number 6/);
  check({ shape: [], strides: [], offset: 6 }, /reach number 6/);
  check({ offset: -1 }, /offset is no whole number >= 0/);
  check({ strides: [-1] }, /strides are no whole numbers/);
  check({ shape: [-6] }, /sizes are no whole numbers/);
  check({ strides: [1, 1] }, /1 sizes and 2 strides/);
  check({ shape: [2n ** 62n] }, /sizes are no whole numbers/);
  check({ shape: [2, 3], strides: [2 ** 52, 2 ** 52] }, /reach number/);
  check({ shape: Array(65).fill(1), strides: Array(65).fill(1) }, /65 axes, at most 64/);
});

Deno.test("readTorch() refuses tensors larger than their file can mean, without making them", () => {
  const expanded = { length: 6, shape: [2 ** 40, 6], strides: [0, 1] };
  for (const file of filesOf(expanded, six)) refused(file, /more than \d+ bytes/);
  const beyond = { length: 6, shape: Array(40).fill(2 ** 31), strides: Array(40).fill(0) };
  for (const file of filesOf(beyond, six)) refused(file, /more than \d+ bytes/);
  const often = tensorPickle({ length: 6, shape: [2 ** 20], strides: [0] }); // 4 MiB each
  const list = bytesOf(op.proto, "(", ...Array.from({ length: 40 }, () => often), "t.");
  refused(torchZip(list, { 0: six }), /all tensors together/);
  const claimed = pickleOf({ length: 2 ** 40, shape: [2 ** 40], strides: [1] });
  refused(torchZip(claimed, { 0: six }), /all tensors together/);
});

Deno.test("readTorch() refuses storages that are missing, cut, or given twice", () => {
  const view = { length: 6, shape: [1], strides: [1] };
  refused(torchZip(pickleOf(view)), /storage "0" is missing, expected 24 bytes/, "0");
  refused(torchZip(pickleOf(view), { 0: six.subarray(4) }), /is 20 bytes, expected 24/, "0");
  refused(torchZip(pickleOf(view), { 0: bytesOf(six, 1) }), /is 25 bytes/, "0");
  const [one, two] = [view, { ...view, length: 5 }].map(tensorPickle);
  refused(torchZip(bytesOf(op.proto, "(", one!, two!, "t."), { 0: six }), /"0" is given twice/);
  const pickle = pickleOf(view);
  refused(torchLegacy(pickle), /storage "0" is missing/, "0");
  refused(torchLegacy(pickle, [["0", 6, six], ["0", 6, six]]), /names one twice, or none/);
  refused(torchLegacy(pickle, [["1", 6, six]]), /names one twice, or none/);
  refused(torchLegacy(pickle, [["0", 5, six]]), /has 5 numbers, expected 6/, "0");
  refused(torchLegacy(pickle, [["0", 2n ** 63n, six]]), /has 9223372036854775808 numbers/, "0");
  refused(torchLegacy(pickle, [["0", 6, six.subarray(4)]]), /24 bytes, 20 are left/, "0");
  refused(torchLegacy(pickle, [["0", 6, bytesOf(six, 7)]]), /1 bytes follow the last storage/);
  const device = op.tuple(op.text("module"), op.text("x"));
  refused(torchZip(bytesOf(op.proto, device, "Q.")), /its storage: its id is not/);
});

Deno.test("readTorch() refuses zips that torch.save does not write", () => {
  const pickle = { path: "x/data.pkl", bytes: bytesOf(op.proto, "N.") };
  const file = (...more: ZipEntry[]) => zipOf([pickle, ...more]);
  const entry = (path: string, more: Partial<ZipEntry> = {}) => ({ path, bytes: six, ...more });
  strictEqual(readTorch(file(entry("x/data/0")), "x.pt"), null, "entries that nothing names");
  strictEqual(readTorch(file(entry("x/data/0", { bytes: file() })), "x.pt"), null, "a zip in it");
  refused(file(entry("x/data/0", { method: 8 })), /"x\/data\/0" is compressed/);
  refused(file(entry("x/data/0", { method: 8, size: 2 ** 31 })), /is compressed/);
  refused(file(entry("x/data/0", { size: 2 ** 31 })), /is compressed/);
  refused(file(entry("x/data/0"), entry("x/data/0")), /"x\/data\/0" is there twice/);
  refused(file(pickle), /is there twice/);
  refused(file(entry("y/data.pkl")), /2 entries data\.pkl, expected 1/);
  refused(zipOf([entry("x/data/0")]), /0 entries data\.pkl/);
  for (const path of ["/x/0", "x/../0", "../0", "x//0", "x\\0", "c:/0", "__proto__", "x/."]) {
    refused(file(entry(path)), /is no plain path/);
  }
  refused(file(entry("x".repeat(1001))), /is no plain path/);
  refused(file(entry("x/byteorder", { bytes: bytesOf("big") })), /"big"-endian/);
  strictEqual(readTorch(file(entry("x/byteorder", { bytes: bytesOf("little") })), "x.pt"), null);
  refused(zipOf([pickle], 65535), /table of entries|plain path/);
  refused(bytesOf("PK", 3, 4, new Uint8Array(100)), /table of entries is damaged/);
  refused(torchZip(bytesOf(op.proto, "N.N")), /data\.pkl ends at byte 4 of 5/);
});

Deno.test("readTorch() refuses a zip whose entries lie over each other", () => {
  const whole = torchZip(pickleOf({ length: 6, shape: [6], strides: [1] }), { 0: six });
  const file = whole.slice(); // both large entries point at the first, and claim all of the file
  for (let at = 0; at < file.length - 46; at++) {
    if (!bytesOf("PK", 1, 2).every((byte, i) => file[at + i] === byte)) continue;
    file.set(bytesOf(little(whole.length, 4), little(whole.length, 4)), at + 20);
    file.set(little(0, 4), at + 42);
  }
  refused(file, /claim more bytes than it has/);
});

Deno.test("readTorch() refuses what is no such file", () => {
  refused(new Uint8Array(), /does not begin as a file of torch\.save/);
  refused(bytesOf(op.proto, "N."), /does not begin/);
  refused(encodeSafetensors(new Map()), /does not begin/);
  const legacy = torchLegacy(bytesOf(op.proto, "N."));
  strictEqual(readTorch(legacy, "x.pt"), null);
  refused(legacy.with(18, 7) as Uint8Array, /its version is/);
  refused(torchLegacy(bytesOf(op.global("posix", "system"), ")R.")), /"posix\.system" is refused/);
  ok(isTorchFile(legacy) && isTorchFile(torchZip(bytesOf("N."))));
  ok(!isTorchFile(encodeSafetensors(new Map())));
});

Deno.test("asStateDict() knows dictionaries of tensors", () => {
  const tensor = readTorch(filesOf({ length: 6, shape: [6], strides: [1] }, six)[0]!, "x.pt");
  ok(asStateDict(new Map([["a.b", tensor]])));
  strictEqual(asStateDict(new Map()), undefined);
  strictEqual(asStateDict(new Map<string, PickleValue>([["a", tensor], ["b", 3]])), undefined);
  strictEqual(asStateDict(new Map([[3, tensor]])), undefined);
  strictEqual(asStateDict([tensor]), undefined);
});

/** Reads a file; whether it was refused as it should be. */
function isRefused(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof CheckpointError) return true;
    throw error;
  }
}

Deno.test("readTorch() refuses a file cut at any length", () => {
  for (const name of ["tensors-views-zip.pt", "tensors-views-legacy.pt"]) {
    const bytes = golden(name);
    for (let length = 0; length < bytes.length; length++) {
      ok(isRefused(() => readTorch(bytes.subarray(0, length), name)), `${name}: ${length}`);
    }
  }
});

Deno.test("the three readers read or refuse any damaged file, in bounded time", () => {
  const read = (name: string) => (bytes: Uint8Array) => readTorch(bytes, name);
  const files: [string, (bytes: Uint8Array) => unknown][] = [
    "tensors-views-zip.pt",
    "tensors-views-legacy.pt",
    "midi-sequence.data",
    "malicious-system-zip.pt",
  ].map((name) => [name, read(name)]);
  files.push(["tensors-views-expected.safetensors", (bytes) => decodeSafetensors(bytes)]);
  for (const [name, readFile] of files) {
    const whole = golden(name);
    const place = fc.nat(whole.length - 1);
    const edit = fc.oneof(
      fc.record({ at: place, bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }) }),
      fc.record({ at: place, from: place, length: fc.nat(64) }),
    );
    let refusals = 0, slowest = 0;
    const runs = 1500;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        const bytes = whole.slice();
        for (const each of edits) {
          if ("bytes" in each) bytes.set(each.bytes.subarray(0, bytes.length - each.at), each.at);
          else bytes.copyWithin(each.at, each.from, each.from + each.length);
        }
        const begin = performance.now();
        if (isRefused(() => readFile(bytes))) refusals++;
        slowest = Math.max(slowest, performance.now() - begin);
      }),
      { numRuns: runs },
    );
    ok(refusals > runs / 10, `${name}: ${refusals} of ${runs} refused`);
    ok(slowest < 2000, `${name}: ${slowest} ms for one file`);
  }
});

Deno.test("readTorch() reads or refuses any program made of opcodes, tensors and globals", () => {
  const piece = fc.oneof(
    fc.constantFrom(...opcodeNames.keys()).map((code) => Uint8Array.of(code)),
    fc.constantFrom(..."()]}tesuaR0b2NQ.").map((code) => bytesOf(code)),
    fc.nat(3).map(op.put),
    fc.nat(3).map(op.get),
    fc.integer({ min: -2, max: 9 }).map(op.int),
    fc.constantFrom("storage", "0", "a", "latin1", "u1", "|").map(op.text),
    fc.constantFrom(...new TorchTensors(0).globals.keys()).map((name) =>
      op.global(name.replace(/\.\w+$/, ""), name.replace(/^.*\./, ""))
    ),
    fc.record({ offset: fc.nat(3), shape: fc.array(fc.nat(4), { maxLength: 3 }) }).map((
      { offset, shape },
    ) => tensorPickle({ length: 6, offset, shape, strides: shape.map(() => 1) })),
    fc.uint8Array({ maxLength: 5 }),
  );
  let read = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
      const file = torchZip(bytesOf(...pieces, "."), { 0: six });
      if (!isRefused(() => readTorch(file, "x.pt"))) read++;
    }),
    { numRuns: 3000 },
  );
  ok(read > 0, "none was read");
});
