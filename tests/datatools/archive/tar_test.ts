import { deepStrictEqual as deepEqual, rejects } from "node:assert/strict";
import { tarFiles, type TarRules } from "../../../datatools/archive/tar.ts";
import { tarOf } from "../../support/tar_bytes.ts";

const rules: TarRules = { isWanted: () => true, maxFileBytes: 5000, maxEntries: 20 };

/** The files of an archive that comes in pieces of `step` bytes. */
async function filesOf(tar: Uint8Array, options: Partial<TarRules> = {}, step = 700) {
  const pieces = async function* () {
    for (let at = 0; at < tar.length; at += step) {
      await Promise.resolve();
      yield tar.subarray(at, at + step);
    }
  }();
  return await Array.fromAsync(tarFiles(pieces, { ...rules, ...options }));
}

const bytes = (n: number) => Uint8Array.from({ length: n }, (_, i) => i * 31);

Deno.test("tarFiles gives files of any length in pieces of any length", async () => {
  const tar = tarOf([
    { name: "set/", type: "5" },
    { name: "set/empty.wav", bytes: bytes(0) },
    { name: "note", type: "x", bytes: bytes(30) },
    { name: "set/one.wav", bytes: bytes(512) },
    { name: "set/two.wav", bytes: bytes(1300) },
    { name: "readme", type: "\0", prefix: "a/b", bytes: bytes(5) },
  ]);
  for (const step of [1, 512, 700, 1 << 20]) {
    const files = await filesOf(tar, {}, step);
    deepEqual(files.map(({ name }) => name), [
      "set/empty.wav",
      "set/one.wav",
      "set/two.wav",
      "a/b/readme",
    ]);
    deepEqual(files.map((file) => file.bytes), [0, 512, 1300, 5].map(bytes));
  }
});

Deno.test("tarFiles passes over what is not wanted, whatever its size", async () => {
  const tar = tarOf([{ name: "big", bytes: bytes(9000) }, { name: "small", bytes: bytes(9) }]);
  const files = await filesOf(tar, { isWanted: (name) => name === "small" });
  deepEqual(files, [{ name: "small", bytes: bytes(9) }]);
  await rejects(filesOf(tar), /"big" has 9000 bytes, at most 5000/);
});

Deno.test("tarFiles refuses links, devices and unknown entries", async () => {
  for (
    const [type, name] of [["1", "hard link"], ["2", "symbolic link"], ["3", "device"], [
      "6",
      "pipe",
    ], ["L", "unknown"]]
  ) {
    const tar = tarOf([{ name: "x", type }, { name: "y", bytes: bytes(3) }]);
    await rejects(
      filesOf(tar),
      (error) => error instanceof SyntaxError && error.message.includes(`"x" is a ${name}`),
    );
  }
});

Deno.test("tarFiles refuses what is cut off, damaged, endless or no tar", async () => {
  const tar = tarOf([{ name: "x", bytes: bytes(2000) }]);
  for (const length of [0, 100, 512, 1500, 2559]) {
    await rejects(filesOf(tar.slice(0, length)), /Cannot read tar: it is cut off; fetch it again/);
  }
  for (const at of [0, 124, 150, 300]) {
    const damaged = tar.slice();
    damaged[at] ^= 1;
    await rejects(filesOf(damaged), SyntaxError);
  }
  await rejects(filesOf(bytes(2048)), SyntaxError);
  const many = tarOf(Array.from({ length: 21 }, (_, i) => ({ name: `${i}`, bytes: bytes(1) })));
  await rejects(filesOf(many), /more than 20 entries/);
});

Deno.test("tarFiles never fails otherwise on random changes", async () => {
  const tar = tarOf([{ name: "x", bytes: bytes(600) }, { name: "y", bytes: bytes(10) }]);
  let state = 1;
  const draw = (n: number) => (state = state * 48271 % 2147483647) % n;
  for (let round = 0; round < 300; round++) {
    const changed = tar.slice(0, draw(4) === 0 ? draw(tar.length) : tar.length);
    for (let k = 0; k < 3; k++) changed[draw(changed.length || 1)] = draw(256);
    await filesOf(changed).catch((error) => {
      if (!(error instanceof SyntaxError)) throw error;
    });
  }
});
