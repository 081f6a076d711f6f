import { deepStrictEqual as deepEqual, ok, rejects } from "node:assert/strict";
import { bunzip2, type BunzipLimits } from "../../../datatools/archive/bunzip2.ts";

const read = (name: string) => Deno.readFile(new URL(`files/${name}`, import.meta.url));

/** What a file holds, given in pieces of `step` bytes; and the longest piece that came out. */
async function unpack(bytes: Uint8Array, limits: Partial<BunzipLimits> = {}, step = 1000) {
  const pieces = function* () {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  }();
  const out = await Array.fromAsync(bunzip2(pieces, { maxBytes: 1e7, ...limits }));
  return new Uint8Array(await new Blob(out as BlobPart[]).arrayBuffer());
}

const text = Array.from({ length: 25_000 }, (_, i) => `${i * i % 7919}, `).join("");

Deno.test("bunzip2 gives what was packed, in pieces of any length", async () => {
  const packed = await read("text.bz2");
  for (const step of [1, 777, packed.length]) {
    deepEqual(new TextDecoder().decode(await unpack(packed, {}, step)), text);
  }
  deepEqual(await unpack(await read("zeros.bz2")), new Uint8Array(3_000_000));
});

Deno.test("bunzip2 stops at its limits", async () => {
  const zeros = await read("zeros.bz2");
  ok(zeros.length < 100);
  await rejects(unpack(zeros, { maxBytes: 2_000_000 }), /it holds more than 2000000 bytes; fetch/);
  await rejects(unpack(zeros, { maxBytesHeld: 1e6 }), /more than 1000000 bytes in a few/);
});

Deno.test("bunzip2 refuses what is damaged, cut off or no bzip2", async () => {
  const packed = await read("text.bz2");
  const refusal =
    /^SyntaxError: Cannot read bzip2: it (is damaged or cut off|holds nothing); fetch it again$/;
  for (const length of [0, 3, 10, 5000, packed.length - 12, packed.length - 1]) {
    await rejects(unpack(packed.slice(0, length)), refusal, `${length}`);
  }
  for (let at = 0; at < packed.length; at += 1009) {
    const damaged = packed.slice();
    damaged[at] ^= 0x55;
    await rejects(unpack(damaged, {}, 1 << 20), refusal, `${at}`);
  }
  await rejects(unpack(new TextEncoder().encode(text)), refusal);
});
