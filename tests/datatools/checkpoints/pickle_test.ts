import { deepStrictEqual as deepEqual, ok, strictEqual, throws } from "node:assert/strict";
import { dataGlobals } from "../../../datatools/checkpoints/data_globals.ts";
import { limits, readPickle } from "../../../datatools/checkpoints/pickle.ts";
import { opcodeNames } from "../../../datatools/checkpoints/pickle_opcodes.ts";
import type { PickleValue } from "../../../datatools/checkpoints/pickle_value.ts";
import { CheckpointError } from "../../../datatools/checkpoints/safetensors.ts";
import { isTensor } from "../../../datatools/checkpoints/torch.ts";
import { bytesOf, little, op } from "../../support/pickle_bytes.ts";

const options = { name: "x.pt", globals: dataGlobals };

function read(...parts: readonly (number | string | Uint8Array)[]): PickleValue {
  return readPickle(bytesOf(...parts), options).value;
}

function refused(pickle: Uint8Array, message: RegExp): void {
  throws(
    () => readPickle(pickle, options),
    (error) => {
      ok(error instanceof CheckpointError, String(error));
      ok(message.test(error.message), error.message);
      return true;
    },
  );
}

/** `pickle.dumps(value, protocol)` of Python 3.12 for each protocol, in base64. */
const value = new Map<string, PickleValue>([
  ["ints", [0, 255, 65535, -1, 2 ** 31, -(2 ** 40), 2n ** 70n, true, false]],
  ["floats", [0.5, -Infinity, 1e300]],
  ["text", 'ü"\n\\'],
  ["none", null],
  ["tuples", [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]],
  ["nested", new Map<number, PickleValue>([[7, [[]]]])],
]);
const fromPython = [
  "KGRwMApWaW50cwpwMQoobHAyCkkwCmFJMjU1CmFJNjU1MzUKYUktMQphTDIxNDc0ODM2NDhMCmFMLTEwOTk1MTE2Mjc3NzZMCmFMMTE4MDU5MTYyMDcxNzQxMTMwMzQyNEwKYUkwMQphSTAwCmFzVmZsb2F0cwpwMwoobHA0CkYwLjUKYUYtaW5mCmFGMWUrMzAwCmFzVnRleHQKcDUKVvwiXHUwMDBhXHUwMDVjCnA2CnNWbm9uZQpwNwpOc1Z0dXBsZXMKcDgKKGxwOQoodGEoSTEKdHAxMAphKEkxCkkyCnRwMTEKYShJMQpJMgpJMwp0cDEyCmEoSTEKSTIKSTMKSTQKdHAxMwphc1ZuZXN0ZWQKcDE0CihkcDE1Ckk3CihscDE2CihscDE3CmFzcy4=",
  "fXEAKFgEAAAAaW50c3EBXXECKEsAS/9N//9K/////0wyMTQ3NDgzNjQ4TApMLTEwOTk1MTE2Mjc3NzZMCkwxMTgwNTkxNjIwNzE3NDExMzAzNDI0TApJMDEKSTAwCmVYBgAAAGZsb2F0c3EDXXEEKEc/4AAAAAAAAEf/8AAAAAAAAEd+N+Q8iAB1nGVYBAAAAHRleHRxBVgFAAAAw7wiClxxBlgEAAAAbm9uZXEHTlgGAAAAdHVwbGVzcQhdcQkoKShLAXRxCihLAUsCdHELKEsBSwJLA3RxDChLAUsCSwNLBHRxDWVYBgAAAG5lc3RlZHEOfXEPSwddcRBdcRFhc3Uu",
  "gAJ9cQAoWAQAAABpbnRzcQFdcQIoSwBL/03//0r/////igUAAACAAIoGAAAAAAD/igkAAAAAAAAAAECIiWVYBgAAAGZsb2F0c3EDXXEEKEc/4AAAAAAAAEf/8AAAAAAAAEd+N+Q8iAB1nGVYBAAAAHRleHRxBVgFAAAAw7wiClxxBlgEAAAAbm9uZXEHTlgGAAAAdHVwbGVzcQhdcQkoKUsBhXEKSwFLAoZxC0sBSwJLA4dxDChLAUsCSwNLBHRxDWVYBgAAAG5lc3RlZHEOfXEPSwddcRBdcRFhc3Uu",
  "gAN9cQAoWAQAAABpbnRzcQFdcQIoSwBL/03//0r/////igUAAACAAIoGAAAAAAD/igkAAAAAAAAAAECIiWVYBgAAAGZsb2F0c3EDXXEEKEc/4AAAAAAAAEf/8AAAAAAAAEd+N+Q8iAB1nGVYBAAAAHRleHRxBVgFAAAAw7wiClxxBlgEAAAAbm9uZXEHTlgGAAAAdHVwbGVzcQhdcQkoKUsBhXEKSwFLAoZxC0sBSwJLA4dxDChLAUsCSwNLBHRxDWVYBgAAAG5lc3RlZHEOfXEPSwddcRBdcRFhc3Uu",
  "gASVtQAAAAAAAAB9lCiMBGludHOUXZQoSwBL/03//0r/////igUAAACAAIoGAAAAAAD/igkAAAAAAAAAAECIiWWMBmZsb2F0c5RdlChHP+AAAAAAAABH//AAAAAAAABHfjfkPIgAdZxljAR0ZXh0lIwFw7wiClyUjARub25llE6MBnR1cGxlc5RdlCgpSwGFlEsBSwKGlEsBSwJLA4eUKEsBSwJLA0sEdJRljAZuZXN0ZWSUfZRLB12UXZRhc3Uu",
  "gAWVtQAAAAAAAAB9lCiMBGludHOUXZQoSwBL/03//0r/////igUAAACAAIoGAAAAAAD/igkAAAAAAAAAAECIiWWMBmZsb2F0c5RdlChHP+AAAAAAAABH//AAAAAAAABHfjfkPIgAdZxljAR0ZXh0lIwFw7wiClyUjARub25llE6MBnR1cGxlc5RdlCgpSwGFlEsBSwKGlEsBSwJLA4eUKEsBSwJLA0sEdJRljAZuZXN0ZWSUfZRLB12UXZRhc3Uu",
];

Deno.test("readPickle() reads what Python writes in each protocol", () => {
  for (const [protocol, base64] of fromPython.entries()) {
    const bytes = Uint8Array.fromBase64(base64);
    const { value: found, end } = readPickle(bytes, options);
    strictEqual(end, bytes.length);
    deepEqual(found, value, `protocol ${protocol}`);
  }
});

Deno.test("readPickle() reads bytes of every protocol", () => {
  deepEqual(read(0x80, 3, "C", 2, 1, 200, "."), Uint8Array.of(1, 200));
  deepEqual(read(0x80, 4, "B", little(2, 4), 1, 200, "."), Uint8Array.of(1, 200));
  deepEqual(read(0x80, 5, 0x96, little(1, 8), 9, "."), Uint8Array.of(9));
  const latin1 = op.tuple(op.text("a\xff"), op.text("latin1"));
  deepEqual(
    read(op.proto, op.global("_codecs", "encode"), latin1, "R."),
    Uint8Array.of(97, 255),
  );
  deepEqual(read(op.proto, op.global("__builtin__", "bytes"), ")R."), new Uint8Array());
});

Deno.test("readPickle() begins where it is told and says where it ends", () => {
  const bytes = bytesOf("??", op.proto, op.int(5), ".", "more");
  deepEqual(readPickle(bytes, { ...options, at: 2 }), { value: 5, end: 10 });
});

Deno.test("readPickle() gives one object for what a pickle remembers", () => {
  const [first, second] = read(op.proto, "(]", op.put(0), op.get(0), "t.") as PickleValue[];
  strictEqual(first, second);
  throws(() => (read(op.proto, ")") as PickleValue[]).push(1));
});

Deno.test("readPickle() refuses every opcode that does more than hold data, by name and byte", () => {
  const ordered = op.global("collections", "OrderedDict");
  const cases: [name: string, before: Uint8Array, code: number, after?: string][] = [
    ["INST", bytesOf("(N"), 0x69, "posix\nsystem\n."],
    ["OBJ", bytesOf("(", ordered), 0x6f],
    ["NEWOBJ", bytesOf(ordered, ")"), 0x81],
    ["NEWOBJ_EX", bytesOf(ordered, ")}"), 0x92],
    ["EXT1", bytesOf(), 0x82],
    ["EXT2", bytesOf(), 0x83],
    ["EXT4", bytesOf(), 0x84],
    ["NEXT_BUFFER", bytesOf(), 0x97],
    ["READONLY_BUFFER", bytesOf("N"), 0x98],
    ["EMPTY_SET", bytesOf(), 0x8f],
    ["ADDITEMS", bytesOf("]("), 0x90],
    ["FROZENSET", bytesOf("("), 0x91],
  ];
  for (const [name, before, code, after = ""] of cases) {
    const message = new RegExp(`the opcode ${name} is refused.*byte ${before.length}\\)`);
    refused(bytesOf(before, code, after, 1, 1, 1, 1, "."), message);
  }
  const known = new Set(cases.map(([name]) => name));
  for (const [code, name] of opcodeNames) {
    try {
      readPickle(bytesOf("(]", code, new Uint8Array(40)), options);
    } catch (error) {
      ok(error instanceof CheckpointError, `${name}: ${error}`);
      strictEqual(error.message.includes("does more than hold"), known.has(name), error.message);
    }
  }
  refused(bytesOf(0xff, "."), /byte 255 is no opcode.*byte 0\)/);
});

Deno.test("readPickle() refuses every global that is not in the table, however it is named", () => {
  refused(
    bytesOf(op.global("posix", "system"), "."),
    /global "posix\.system" is refused.*byte 0\)/,
  );
  refused(bytesOf(op.proto, op.global("builtins", "eval"), "."), /"builtins\.eval" .*byte 2\)/);
  refused(bytesOf(op.text("os"), op.text("system"), 0x93, "."), /"os\.system".*byte 18\)/);
  refused(bytesOf(op.global("__main__", "constructor"), "."), /"__main__\.constructor"/);
  refused(bytesOf("N", op.text("system"), 0x93, "."), /"null\.system"/);
  refused(bytesOf(op.global("x".repeat(9999), "y"), "."), /"x{200}" is refused/);
  refused(bytesOf("cposix"), /does not end/);
});

Deno.test("readPickle() calls nothing but the table's constructors, with data alone", () => {
  const ordered = op.global("collections", "OrderedDict");
  const pairs = bytesOf("(](", op.tuple(op.text("a"), op.int(1)), "et");
  deepEqual(read(ordered, pairs, "R."), new Map([["a", 1]]));
  deepEqual(read(ordered, ")R}", op.text("_metadata"), "Nsb."), new Map(), "attributes are left");
  refused(bytesOf(op.text("system"), ")R."), /REDUCE calls what is no global/);
  refused(bytesOf(op.global("numpy", "ndarray"), ")R."), /numpy\.ndarray, which can only be named/);
  refused(bytesOf(ordered, "NR."), /OrderedDict without arguments/);
  refused(bytesOf(ordered, op.tuple(op.int(3)), "R."), /OrderedDict: its pairs are no list/);
  refused(bytesOf("]Nb."), /BUILD of what has no state/);
  refused(bytesOf(ordered, "Nb."), /BUILD: BUILD of an object that has no state/);
  refused(bytesOf(op.int(3), "Nb."), /BUILD of what has no state/);
  refused(bytesOf("Pmodule\n."), /persistent id is not expected/);
});

Deno.test("readPickle() refuses lists and dictionaries that contain themselves or nest too deep", () => {
  refused(bytesOf("]", op.put(0), op.get(0), "a."), /contains itself/);
  refused(bytesOf("}", op.put(0), op.int(1), op.get(0), "s."), /contains itself/);
  refused(bytesOf("]", op.put(0), "]", op.put(1), op.get(0), "aa."), /contains itself/);
  refused(bytesOf(...deep(200_000), "."), /nest deeper than 100/);
  ok(Array.isArray(read(...deep(limits.depth - 1), ".")));
  refused(bytesOf(...deep(limits.depth), "."), /nest deeper/);
  const shared = Array.from({ length: 60 }, () => bytesOf("2", 0x86)); // 2^60 leaves, 60 tuples
  ok(Array.isArray(read(")", ...shared, ".")));
});

/** An empty tuple in `depth` tuples. */
function deep(depth: number): Uint8Array[] {
  return [bytesOf(")"), new Uint8Array(depth).fill(0x85)];
}

Deno.test("readPickle() refuses sizes that the file cannot hold, without asking for memory", () => {
  const huge = little(2n ** 62n, 8);
  refused(bytesOf(0x95, huge, "N."), /frame claims 4611686018427387904 bytes, 2 are left/);
  refused(bytesOf(0x8e, huge, "."), /4611686018427388000 bytes are claimed, 1 are left/);
  refused(bytesOf(0x8d, huge, "."), /bytes are claimed/);
  refused(bytesOf(0x96, huge, "."), /bytes are claimed/);
  refused(bytesOf("B", little(2 ** 32 - 1, 4), "."), /4294967295 bytes are claimed/);
  refused(bytesOf("X", little(2 ** 32 - 1, 4), "."), /bytes are claimed/);
  refused(bytesOf("T", little(-5, 4), "."), /-5 bytes are claimed/);
  refused(
    bytesOf(0x8b, little(2 ** 31 - 1, 4), "."),
    /an integer of 2147483647 bytes, at most 255/,
  );
  refused(bytesOf(0x8b, little(-1, 4), "."), /an integer of -1 bytes/);
  refused(bytesOf("L", "9".repeat(1e4), "\n."), /a number of 10000 characters, at most 100/);
  for (const code of ["S'", "V", "P", "c", "F", "I"]) {
    refused(bytesOf(code, "a".repeat(1e6), "'\n."), /a line does not end, at most 65536 bytes/);
  }
  refused(bytesOf("r", little(2 ** 32 - 1, 4)), /needs a value that is not there/);
  deepEqual(read("N", "r", little(2 ** 32 - 1, 4), "."), null);
});

Deno.test("readPickle() stops a pickle that copies again and again", () => {
  const text = op.text("x".repeat(1_000_000));
  const once = bytesOf(op.get(0), op.get(1), "R0"); // encodes the text and drops it
  const pickle = bytesOf(
    op.global("_codecs", "encode"),
    op.put(0),
    op.tuple(text, op.text("latin1")),
    op.put(1),
    "0",
    ...Array.from({ length: 100 }, () => once),
    ".",
  );
  refused(pickle, /copies more than is accepted/);
  refused(bytesOf("N".repeat(limits.opcodes + 1)), /more than 2000000 opcodes/);
});

Deno.test("readPickle() refuses what is no whole program", () => {
  refused(new Uint8Array(), /1 bytes are claimed, 0 are left/);
  refused(bytesOf("."), /more or less than one value/);
  refused(bytesOf("NN."), /more or less than one value/);
  refused(bytesOf("(N."), /more or less than one value/);
  refused(bytesOf("N"), /cut/);
  refused(bytesOf("t."), /closes a group that is not open/);
  refused(bytesOf("N(a."), /takes a value that is not there/);
  refused(bytesOf(0x80, 6, "N."), /protocol is 6/);
  refused(bytesOf("h", 0, "."), /memo 0 is empty/);
  refused(bytesOf("N", op.int(1), "a."), /adds to no list/);
  refused(bytesOf(")", op.int(1), "a."), /adds to no list/);
  refused(bytesOf("N(", op.int(1), op.int(2), "u."), /sets an item of no dictionary/);
  refused(bytesOf("}(", op.int(1), "u."), /a key has no value/);
  refused(bytesOf("}]", op.int(2), "s."), /a key of a dictionary is no number or text/);
  refused(bytesOf("X", little(1, 4), 0xff, "."), /not UTF-8/);
  refused(bytesOf("Ione\n."), /"one" is no integer/);
  refused(bytesOf("Fone\n."), /"one" is no number/);
  refused(bytesOf("Sone\n."), /without quotes/);
});

Deno.test("readPickle() reads NumPy's arrays and numbers, and refuses objects and wrong sizes", () => {
  const array = (type: string, order: string, shape: number[], bytes: number[], fortran = 0x89) =>
    bytesOf(
      op.proto,
      op.global("numpy._core.multiarray", "_reconstruct"),
      op.tuple(op.global("numpy", "ndarray"), op.tuple(op.int(0)), bytesOf("C", 1, "b")),
      "R(",
      op.int(1),
      op.tuple(...shape.map(op.int)),
      op.global("numpy", "dtype"),
      op.tuple(op.text(type), bytesOf(0x89), bytesOf(0x88)),
      "R(",
      op.int(3),
      op.text(order),
      "tb",
      fortran,
      bytesOf("C", bytes.length, ...bytes),
      "tb.",
    );
  const found = (pickle: Uint8Array) => {
    const tensor = read(pickle);
    ok(isTensor(tensor));
    return {
      dtype: tensor.dtype,
      shape: tensor.shape,
      values: Array.from(tensor.data as Uint8Array),
    };
  };
  const sixteen = [1, 0, 2, 0, 3, 1, 4, 0];
  deepEqual(found(array("i2", "<", [2, 2], sixteen)), {
    dtype: "I16",
    shape: [2, 2],
    values: [1, 2, 259, 4],
  });
  deepEqual(found(array("i2", "<", [2, 2], sixteen, 0x88)).values, [1, 259, 2, 4]);
  deepEqual(found(array("u1", "|", [0], [])).values, []);
  refused(array("i2", ">", [4], sixteen), /byte order ">"; only little-endian/);
  refused(array("O8", "|", [1], sixteen), /numbers of type "O8" are not read/);
  refused(array("i2", "<", [3], sixteen), /8 bytes for I16 of shape \[3\]/);
  refused(array("i2", "<", [5], sixteen), /reach number 4, its storage has 4/);
  refused(array("i2", "<", [-1], sixteen), /sizes are no whole numbers/);
  refused(array("i2", "<", [65536, 65536, 65536, 65536], sixteen), /reach number/);
  const buffer = (order: string) =>
    found(bytesOf(
      op.global("numpy._core.numeric", "_frombuffer"),
      "(",
      bytesOf(0x96, little(4, 8), 1, 2, 3, 4),
      op.global("numpy", "dtype"),
      op.tuple(op.text("u1")),
      "R",
      op.tuple(op.int(2), op.int(2)),
      op.text(order),
      "tR.",
    )).values;
  deepEqual([buffer("C"), buffer("F")], [[1, 2, 3, 4], [1, 3, 2, 4]]);
  const scalar = (type: string, ...bytes: number[]) =>
    read(
      op.global("numpy.core.multiarray", "scalar"),
      "(",
      op.global("numpy", "dtype"),
      op.tuple(op.text(type)),
      "R",
      bytesOf("C", bytes.length, ...bytes),
      "tR.",
    );
  strictEqual(scalar("f8", 0, 0, 0, 0, 0, 0, 0xf8, 0x3f), 1.5);
  strictEqual(scalar("f2", 0, 0x3e), 1.5);
  strictEqual(scalar("i8", 255, 255, 255, 255, 255, 255, 255, 255), -1);
  strictEqual(scalar("b1", 1), true);
  throws(() => scalar("f8", 0), /1 bytes for one F64/);
});
