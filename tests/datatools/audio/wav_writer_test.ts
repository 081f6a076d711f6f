import { deepStrictEqual as deepEqual, ok, rejects, throws } from "node:assert/strict";
import { encodeWav } from "../../../datatools/audio/wav.ts";
import { WavWriter } from "../../../datatools/audio/wav_writer.ts";
import { listFiles } from "../../../datatools/io.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { testFolder } from "../../support/midi_fixtures.ts";

const noise = (length: number) => new RandomStream(3, "wav").normal(0, length); // beyond full scale too

for (const nChannels of [1, 2]) {
  Deno.test(`WavWriter writes ${nChannels} channels in pieces as encodeWav() does at once`, async () => {
    await using folder = await testFolder();
    const path = `${folder.path}/x.wav`, sampleRate = 8000;
    const channels = Array.from(
      { length: nChannels },
      (_, c) => noise(1000).map((x) => x / (c + 1)),
    );
    await using wav = await WavWriter.open(path, { nChannels, sampleRate });
    for (const [from, to] of [[0, 0], [0, 1], [1, 700], [700, 1000]]) {
      wav.write(channels.map((samples) => samples.subarray(from, to)));
      deepEqual(wav.nFrames, to);
    }
    ok(!(await listFiles(folder.path)).includes("x.wav"));
    await wav.finish();
    deepEqual(await Deno.readFile(path), encodeWav(channels, sampleRate));
    deepEqual(await listFiles(folder.path), ["x.wav"]);
  });
}

Deno.test("WavWriter leaves nothing where it was not finished, and the file that was there", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/x.wav`, format = { nChannels: 1, sampleRate: 8000 };
  await Deno.writeTextFile(path, "before");
  {
    await using wav = await WavWriter.open(path, format);
    wav.write([noise(50)]);
    throws(() => wav.write([noise(9), noise(9)]), /found 2 channels, expected 1 as before/);
    throws(() => wav.write([Float32Array.of(0, NaN)]), /sample 51 of channel 0 is NaN/);
  }
  deepEqual(await listFiles(folder.path), ["x.wav"]);
  deepEqual(await Deno.readTextFile(path), "before");
  await rejects(WavWriter.open(`${folder.path}/no/x.wav`, format), /Cannot write ".*no\/x\.wav"/);
});
