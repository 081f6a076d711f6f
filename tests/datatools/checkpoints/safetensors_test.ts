import { deepStrictEqual as deepEqual, ok, rejects, throws } from "node:assert/strict";
import {
  CheckpointError,
  dataSha256,
  decodeCheckpoint,
  decodeSafetensors,
  type DType,
  encodeCheckpoint,
  encodeSafetensors,
  type TensorData,
  toFloat16,
  toFloat32,
} from "../../../datatools/checkpoints/safetensors.ts";
import { fc } from "../../../deps/fast_check.ts";

const numbersOf: Record<DType, (size: number) => TensorData["data"]> = {
  F64: (n) => new Float64Array(n).map((_, i) => i / 3),
  F32: (n) => new Float32Array(n).map((_, i) => i / 3),
  F16: (n) => toFloat16(new Float32Array(n).map((_, i) => i / 3)),
  BF16: (n) => new Uint16Array(n).map((_, i) => 0x3f80 + i),
  I64: (n) => new BigInt64Array(n).map((_, i) => -BigInt(i)),
  I32: (n) => new Int32Array(n).map((_, i) => -i),
  I16: (n) => new Int16Array(n).map((_, i) => -i),
  I8: (n) => new Int8Array(n).map((_, i) => -i),
  U64: (n) => new BigUint64Array(n).map((_, i) => BigInt(i)),
  U32: (n) => new Uint32Array(n).map((_, i) => i),
  U16: (n) => new Uint16Array(n).map((_, i) => i),
  U8: (n) => new Uint8Array(n).map((_, i) => i),
  BOOL: (n) => new Uint8Array(n).map((_, i) => i % 2),
};

/** Written by safetensors 0.8 from PyTorch tensors. */
const fromPython = Uint8Array.fromBase64(
  "iAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJjb3VudCI6eyJkdHlwZSI6Ikk2NCIsInNoYXBlIjpbXSwi" +
    "ZGF0YV9vZmZzZXRzIjpbMCw4XX0sImVtcHR5Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlswLDNdLCJkYXRhX29mZnNldHMiOls4" +
    "LDhdfSwiZmMud2VpZ2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOls4LDMyXX0sImJyYWlu" +
    "Ijp7ImR0eXBlIjoiQkYxNiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzMyLDM2XX0sImhhbGYiOnsiZHR5cGUiOiJGMTYi" +
    "LCJzaGFwZSI6WzRdLCJkYXRhX29mZnNldHMiOlszNiw0NF19LCJtYXNrIjp7ImR0eXBlIjoiQk9PTCIsInNoYXBlIjpbM10sImRh" +
    "dGFfb2Zmc2V0cyI6WzQ0LDQ3XX19ICAgIAcAAAAAAAAAAAAAAAAAgD4AAAA/AABAPwAAgD8AAKA/jT9ifwA+AHz/+wEAAQAB",
);

/** A tensor of every dtype. */
function oneOfEach(): Map<string, TensorData> {
  const dtypes = Object.keys(numbersOf) as DType[];
  return new Map(
    dtypes.map((dtype, i) => [`net.${dtype}`, {
      dtype,
      shape: [i % 3, 3],
      data: numbersOf[dtype]((i % 3) * 3),
    }]),
  );
}

/** A file of a header, as JSON text, and `nBytes` of data. */
function fileOf(header: string, nBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + nBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function refused(bytes: Uint8Array, problem: RegExp, key?: string): void {
  throws(() => decodeSafetensors(bytes, "x.safetensors"), (error) => {
    ok(error instanceof CheckpointError, String(error));
    ok(error.message.startsWith('Cannot load "x.safetensors": '), error.message);
    ok(problem.test(error.message), error.message);
    deepEqual(error.key, key);
    return true;
  });
}

Deno.test("decodeSafetensors() reads what Python wrote", () => {
  const { tensors, metadata } = decodeSafetensors(fromPython);
  deepEqual(metadata, { format: "pt" });
  const listed = [...tensors].map(([key, t]) => [key, t.dtype, t.shape, [...toFloat32(t)]]);
  deepEqual(listed, [
    ["count", "I64", [], [7]],
    ["empty", "F32", [0, 3], []],
    ["fc.weight", "F32", [2, 3], [0, 0.25, 0.5, 0.75, 1, 1.25]],
    ["brain", "BF16", [2], [1.1015625, 3.0040552704739e38].map(Math.fround)],
    ["half", "F16", [4], [1.5, Infinity, -65504, 2 ** -24]],
    ["mask", "BOOL", [3], [1, 0, 1]],
  ]);
});

Deno.test("encodeSafetensors() is repeated by decodeSafetensors() for every dtype and any keys", () => {
  const dtype = fc.constantFrom(...Object.keys(numbersOf) as DType[]);
  const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
  const tensor = fc.record({ dtype, shape }).map(({ dtype, shape }): TensorData => ({
    dtype,
    shape,
    data: numbersOf[dtype](shape.reduce((a, b) => a * b, 1)),
  }));
  const name = fc.string({ unit: "grapheme", maxLength: 5 })
    .filter((key) => key !== "__metadata__" && key !== "__proto__");
  const entries = fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key });
  fc.assert(
    fc.property(entries, fc.dictionary(name, name), fc.nat(8), (entries, metadata, offset) => {
      const bytes = encodeSafetensors(new Map(entries), metadata);
      const shifted = new Uint8Array(bytes.length + offset).subarray(offset); // not aligned
      shifted.set(bytes);
      const read = decodeSafetensors(shifted);
      deepEqual([...read.tensors], entries);
      deepEqual({ ...read.metadata }, { ...metadata });
      deepEqual(encodeSafetensors(read.tensors, read.metadata), bytes);
    }),
    { numRuns: 200, seed: 1 },
  );
});

Deno.test("encodeSafetensors() keeps the order of keys and aligns header and arrays", () => {
  const tensors = new Map<string, TensorData>([
    ["10", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ["2", { dtype: "F32", shape: [1], data: Float32Array.of(4) }],
    ["z", { dtype: "F64", shape: [], data: Float64Array.of(5) }],
  ]);
  const bytes = encodeSafetensors(tensors);
  const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  deepEqual([headerBytes % 8, bytes.length], [0, 8 + headerBytes + 15]);
  const read = decodeSafetensors(bytes).tensors;
  deepEqual([...read.keys()], ["10", "2", "z"]);
  for (const { data } of read.values()) deepEqual(data.buffer, bytes.buffer); // views, not copies
  deepEqual(read.get("z")!.data.byteOffset, 8 + headerBytes);
});

Deno.test("encodeSafetensors() refuses arrays that are not what they claim", () => {
  const write = (tensor: unknown, key = "k", metadata = {}) => () =>
    encodeSafetensors(new Map([[key, tensor as TensorData]]), metadata);
  const good = { dtype: "F32", shape: [2], data: new Float32Array(2) };
  write(good)();
  throws(write({ ...good, shape: [3] }), /"k" has 2 numbers, which is not the size of shape \[3\]/);
  throws(write({ ...good, shape: [-1, -2] }), TypeError);
  throws(write({ ...good, dtype: "F16" }), /holds a Float32Array, expected Uint16Array for F16/);
  throws(write({ ...good, dtype: "F8" }), /unknown dtype F8/);
  throws(write(good, "__metadata__"), /not allowed as a key/);
  throws(write(good, "\ud800"), /not allowed as a key/);
  throws(write(good, "k", { step: 5 }), /metadata "step" is no string/);
});

Deno.test("decodeSafetensors() refuses headers that the format forbids, and names the key", () => {
  const info = (fields: string) => `{"w":{${fields}}}`;
  const good = `"dtype":"F32","shape":[2],"data_offsets":[0,8]`;
  deepEqual(decodeSafetensors(fileOf(info(good), 8)).tensors.get("w")!.shape, [2]);
  refused(fileOf(info(good), 9), /8 of the data, which has 9; bytes follow/);
  refused(fileOf(info(good), 7), /8 of the data, which has 7; the file was cut/, "w");
  refused(fileOf(info(good.replace("[2]", "[3]")), 8), /8 bytes, expected 12 for F32/, "w");
  refused(fileOf(info(good.replace("[2]", "[-2]")), 8), /shape \[-2\]/, "w");
  refused(fileOf(info(good.replace("[2]", "[2.5]")), 8), /non-negative integers/, "w");
  refused(fileOf(info(good.replace("[2]", "[9007199254740993]")), 8), /shape/, "w");
  refused(fileOf(info(good.replace("[2]", "[1e200,1e200]")), 8), /shape/, "w");
  refused(fileOf(info(good.replace("[2]", '"2"')), 8), /shape "2"/, "w");
  refused(fileOf(info(good.replace("F32", "F8_E4M3")), 8), /dtype "F8_E4M3", expected one of/, "w");
  refused(fileOf(info(good.replace("F32", "toString")), 8), /dtype/, "w");
  refused(fileOf(info(good.replace("[0,8]", "[8,0]")), 8), /data_offsets \[8,0\]/, "w");
  refused(fileOf(info(good.replace("[0,8]", "[0]")), 8), /data_offsets/, "w");
  refused(fileOf(info(`${good},"x":1`), 8), /unknown field "x"/, "w");
  refused(fileOf(info(`${good},"shape":[2]`), 8), /appears twice/, "shape");
  refused(fileOf('{"w":5}'), /must be an object/, "w");
  refused(fileOf('{"__metadata__":{"a":1}}'), /"a" that is no string/, "__metadata__");
  refused(fileOf('{"__metadata__":[]}'), /object of strings/, "__metadata__");
  refused(fileOf('{"\\ud800":{}}'), /not valid Unicode/, "\ud800");
});

Deno.test("decodeSafetensors() refuses repeated keys, gaps and overlaps", () => {
  const entry = (key: string, begin: number, end: number) =>
    `"${key}":{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]}`;
  const file = (...entries: string[]) => fileOf(`{${entries.join(",")}}`, 8);
  deepEqual([...decodeSafetensors(file(entry("b", 4, 8), entry("a", 0, 4))).tensors.keys()], [
    "b",
    "a",
  ]);
  refused(file(entry("a", 0, 4), entry("a", 4, 8)), /"a" appears twice/, "a");
  refused(file(entry("a", 0, 4), entry("\\u0061", 4, 8)), /"a" appears twice/, "a");
  refused(file(entry("a", 0, 4), entry("b", 3, 8)), /overlaps.*byte 3, expected 4/, "b");
  refused(file(entry("a", 0, 3), entry("b", 4, 8)), /gap.*byte 4, expected 3/, "b");
  refused(file(entry("a", 1, 8)), /gap/, "a");
});

Deno.test("decodeSafetensors() refuses what is no such file, without reading on", () => {
  refused(new Uint8Array(0), /0 bytes, expected at least 8/);
  refused(new Uint8Array(16).fill(255), /claims 18446744073709551615 bytes/);
  refused(fileOf("[]"), /does not begin with {/);
  refused(fileOf(' {"a":1}'), /does not begin with {/);
  refused(fileOf("{]"), /not JSON/);
  refused(fileOf("{" + '"a":{'.repeat(100_000)), /nests deeper than 3/);
  refused(fileOf(`{"a":${"[".repeat(2 ** 23)}${"]".repeat(2 ** 23 - 10)}}`), /nests deeper than 3/);
  refused(fileOf('{"a":"b":"c"}'), /not JSON/);
  refused(fileOf('{"a":{}}}}"b":{'), /not JSON/);
  const claimed = fileOf("{}");
  new DataView(claimed.buffer).setBigUint64(0, 2n ** 24n + 1n, true);
  refused(claimed, /at most 16777216/);
  new DataView(claimed.buffer).setBigUint64(0, 1000n, true);
  refused(claimed, /header ends at byte 1008, the file at 10/);
  deepEqual(decodeSafetensors(fileOf("{}")), { tensors: new Map(), metadata: {} });
});

Deno.test("decodeSafetensors() refuses a file cut at any length", () => {
  const bytes = encodeSafetensors(oneOfEach(), { step: "7" });
  for (let length = 0; length < bytes.length; length++) ok(isRefused(bytes.subarray(0, length)));
});

Deno.test("decodeSafetensors() reads or refuses 2,000 damaged files", () => {
  const whole = [encodeSafetensors(oneOfEach(), { step: "7" }), fromPython];
  let state = 12345;
  const draw = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  let read = 0;
  for (let i = 0; i < 2000; i++) {
    const bytes = whole[i % 2]!.slice();
    for (let n = draw(4); n >= 0; n--) bytes[draw(bytes.length)] = draw(256);
    const from = draw(bytes.length);
    if (draw(4) === 0) bytes.copyWithin(draw(bytes.length), from, from + draw(64));
    read += isRefused(bytes) ? 0 : 1;
  }
  ok(read > 50 && read < 1950, `${read} of 2000 were read`);
});

Deno.test("toFloat16() rounds to nearest even and repeats every half float", () => {
  const bits = (...values: number[]) => [...toFloat16(Float32Array.from(values))];
  deepEqual(bits(1, -2, 65504, 65520, 0, -0), [0x3c00, 0xc000, 0x7bff, 0x7c00, 0, 0x8000]);
  deepEqual(bits(1 + 2 ** -11, 1 + 3 * 2 ** -11), [0x3c00, 0x3c02]); // ties
  deepEqual(bits(2 ** -24, 2 ** -25, 1.5 * 2 ** -25), [1, 0, 1]); // subnormal
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((i) =>
    (i & 0x7fff) <= 0x7c00
  );
  const values = toFloat32({ dtype: "F16", shape: [all.length], data: all });
  deepEqual(toFloat16(values), all);
  ok(Number.isNaN(toFloat32({ dtype: "F16", shape: [1], data: Uint16Array.of(0x7e00) })[0]));
});

Deno.test("toFloat32() returns the array itself for F32 and converts the rest", () => {
  const data = Float32Array.of(1.5);
  deepEqual(toFloat32({ dtype: "F32", shape: [1], data }).buffer, data.buffer);
  for (const [dtype, numbers] of Object.entries(numbersOf)) {
    const tensor = { dtype: dtype as DType, shape: [3], data: numbers(3) };
    deepEqual(toFloat32(tensor).length, 3);
  }
  deepEqual([...toFloat32({ dtype: "I64", shape: [1], data: BigInt64Array.of(-3n) })], [-3]);
});

Deno.test("decodeCheckpoint() verifies the SHA-256 that encodeCheckpoint() records", async () => {
  const bytes = await encodeCheckpoint(oneOfEach(), { step: "7" });
  const { metadata, tensors } = await decodeCheckpoint(bytes, "x");
  deepEqual(metadata, { step: "7", dataSha256: await dataSha256(bytes) });
  deepEqual(tensors, oneOfEach());
  const damaged = bytes.slice();
  damaged[damaged.length - 1]! ^= 1;
  decodeSafetensors(damaged);
  await rejects(
    decodeCheckpoint(damaged, "x"),
    (error) => error instanceof CheckpointError && /SHA-256 .* damaged/.test(error.message),
  );
  deepEqual((await decodeCheckpoint(fromPython)).metadata, { format: "pt" });
  const empty = encodeSafetensors(new Map());
  deepEqual(
    await dataSha256(empty),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
});

/** Whether `bytes` were refused as they should be; anything but a CheckpointError is thrown on. */
function isRefused(bytes: Uint8Array): boolean {
  try {
    decodeSafetensors(bytes);
    return false;
  } catch (error) {
    if (error instanceof CheckpointError) return true;
    throw error;
  }
}

Deno.test("decodeSafetensors() reads or refuses the largest headers in bounded time", () => {
  const largest = 2 ** 24;
  const begin = performance.now();
  const escapes = `{"__metadata__":{"a":"${"\\u0041".repeat(largest / 6 - 10)}"}}`;
  deepEqual(decodeSafetensors(fileOf(escapes)).metadata.a!.length, Math.floor(largest / 6 - 10));
  const zeros = `{"a":{"dtype":"U8","shape":[${
    "0,".repeat(largest / 2 - 50)
  }0],"data_offsets":[0,0]}}`;
  deepEqual(decodeSafetensors(fileOf(zeros)).tensors.size, 1);
  const entry = (i: number) => `"k${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`;
  const entries = `{${Array.from({ length: 200_000 }, (_, i) => entry(i)).join(",")}}`;
  deepEqual(decodeSafetensors(fileOf(entries)).tensors.size, 200_000);
  refused(fileOf(`{"a":0}${" ".repeat(largest)}`), /at most 16777216/);
  ok(performance.now() - begin < 60_000);
});
