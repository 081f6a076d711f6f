import { deepStrictEqual as deepEqual, rejects } from "node:assert/strict";
import { mixToMono } from "../../../datatools/audio/mix.ts";
import { monoBlocks, reasonOf } from "../../../datatools/audio/mono_blocks.ts";
import { resample } from "../../../datatools/audio/resample.ts";
import { encodeWav } from "../../../datatools/audio/wav.ts";
import { sine } from "../../support/sound_fixtures.ts";

const collect = async (blocks: AsyncIterable<Float32Array>) =>
  (await Array.fromAsync(blocks)).flatMap((block) => [...block]);

Deno.test("monoBlocks() joined are the sound mixed and resampled at once", async () => {
  const channels = [sine(1, 150_000), sine(2, 150_000)];
  const bytes = encodeWav(channels, 22050, { bits: 32 });
  for (const to of [22050, 16000]) {
    const expected = resample(mixToMono({ channels }), { from: 22050, to });
    deepEqual(await collect(monoBlocks(bytes, to)), [...expected]);
  }
});

Deno.test("monoBlocks() refuses damage, or tells of it", async () => {
  const cut = encodeWav([sine(1, 1000)], 22050).slice(0, 1000);
  await rejects(collect(monoBlocks(cut, 22050)), /says 2000 bytes, found 956.*onDamage/);
  const told: string[] = [];
  const samples = await collect(monoBlocks(cut, 22050, { onDamage: (what) => told.push(what) }));
  deepEqual([samples.length, told.length], [478, 1]);
});

Deno.test("reasonOf() takes the file's name and format and advice to programmers away", () => {
  const cases = [
    ['Cannot read "a: b.wav": it is cut', "it is cut"],
    ["Cannot read WAV: found 0 Hz", "found 0 Hz"],
    ["Cannot read all of this FLAC: it is cut; onDamage keeps what can be read", "it is cut"],
    ["Cannot resample from 1 to 8000 Hz: check it", "Cannot resample from 1 to 8000 Hz: check it"],
  ];
  for (const [message, reason] of cases) {
    deepEqual([reasonOf(new SyntaxError(message)), reasonOf(message)], [reason, reason]);
  }
});
