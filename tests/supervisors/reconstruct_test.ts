import { decodeAudio } from "../../datatools/audio/decode.ts";
import { mixToMono } from "../../datatools/audio/mix.ts";
import { resample } from "../../datatools/audio/resample.ts";
import { decodeWav, encodeWav } from "../../datatools/audio/wav.ts";
import { LogMel } from "../../datatools/results/log_mel.ts";
import { melConfig } from "../../hparams/mel_config.ts";
import { openBackend } from "../../models/device/mod.ts";
import { MelGan, MelGanGenerator } from "../../models/mel_gan/mod.ts";
import { reconstructWith } from "../../supervisors/reconstruct.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { tinyMelGan } from "../support/mel_gan.ts";
import { testFolder, writeFiles } from "../support/midi_fixtures.ts";
import { sine, sineWav } from "../support/sound_fixtures.ts";
import { dataChunk, formatChunk, riffFile } from "../support/wav_bytes.ts";

await openBackend();

const hparams = tinyMelGan(), config = melConfig(hparams);
const { sampleRate, hopLength } = config;
const generator = new MelGanGenerator(hparams).initialize(1);
const melGan = new MelGan(generator, config);
const recording = (name: string) =>
  new URL(`../datatools/audio/files/${name}`, import.meta.url).pathname;

/** A terminal that keeps what it was told. */
function silentTerminal() {
  const notes: string[] = [];
  return { notes, print: () => {}, note: (line: string) => notes.push(line), interactive: false };
}

/** The audio of the whole sound in one pass: as a WAV file holds it. */
async function atOnce(path: string): Promise<Float32Array> {
  const { channels, sampleRate: rate } = await decodeAudio(path, { onDamage: () => {} });
  const mono = resample(mixToMono({ channels }), { from: rate, to: sampleRate });
  const whole = new Float32Array(hopLength * Math.ceil(mono.length / hopLength));
  whole.set(mono);
  const logMel = LogMel.fromSound({ channels: [whole], sampleRate }, config);
  const audio = (await melGan.vocode(logMel)).subarray(0, mono.length);
  return decodeWav(encodeWav([audio], sampleRate)).channels[0];
}

const namesIn = async (folder: string): Promise<string[]> =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();

for (const name of ["wav", "flac", "mp3", "ogg", "opus"]) {
  Deno.test(`reconstructWith() of ${name} in pieces writes the audio of the whole, and as long`, async () => {
    await using folder = await testFolder();
    const source = recording(`chord.${name}`), out = `${folder.path}/new/out.wav`;
    const expected = await atOnce(source);
    for (const chunkFrames of [7, 1000]) {
      const terminal = silentTerminal();
      const { data, text } = await reconstructWith(melGan, { source, out, chunkFrames }, terminal);
      const { channels, sampleRate: rate } = await decodeAudio(out);
      assertEquals([rate, channels.length], [sampleRate, 1]);
      assertEquals(channels[0], expected);
      const figures = data as Record<string, number>;
      assertEquals(figures.seconds, expected.length / sampleRate);
      assert(Math.abs(figures.realTimeFactor * figures.seconds / figures.wallSeconds - 1) < 1e-9);
      assert(/out\.wav: 0\.30 s of audio in .* as fast as real time/.test(text!), text);
      assertEquals(terminal.notes, []);
    }
    assertEquals(await namesIn(`${folder.path}/new`), ["out.wav"]);
  });
}

Deno.test("reconstructWith() takes sounds of every length from the fewest samples on", async () => {
  await using folder = await testFolder();
  const source = `${folder.path}/in.wav`, out = `${folder.path}/out.wav`;
  const least = generator.leastFrames * hopLength;
  for (const nSamples of [least, least + 1, least + hopLength - 1, least + hopLength, 1000]) {
    await Deno.writeFile(source, encodeWav([sine(1, nSamples, sampleRate)], sampleRate));
    await reconstructWith(melGan, { source, out }, silentTerminal());
    const { channels } = await decodeAudio(out);
    assertEquals(channels[0].length, nSamples);
    assertEquals(channels[0], await atOnce(source));
  }
});

Deno.test("reconstructWith() uses what can be read of a damaged file, and says what is wrong", async () => {
  await using folder = await testFolder();
  const { path } = folder, out = `${path}/out.wav`;
  const whole = sineWav(1, 1, { sampleRate });
  await writeFiles(path, {
    "cut.wav": whole.slice(0, 9000),
    "cut.flac": Deno.readFileSync(recording("chord.flac")).slice(0, 14_000),
    "cut.mp3": Deno.readFileSync(recording("chord.mp3")).slice(0, 3000),
  });
  for (const name of ["cut.wav", "cut.flac", "cut.mp3"]) {
    const source = `${path}/${name}`, terminal = silentTerminal();
    const { data } = await reconstructWith(melGan, { source, out }, terminal);
    const { problems } = data as { problems: string[] };
    assertEquals(problems.length, 1, name);
    assertEquals(terminal.notes, [
      `"${source}" is damaged: ${problems[0]}; what can be read is used`,
    ]);
    assert(!/onDamage|^Cannot/.test(problems[0]), problems[0]);
    assertEquals((await decodeAudio(out)).channels[0], await atOnce(source));
  }
});

Deno.test("reconstructWith() names the file that it cannot use, and leaves what was there as it was", async () => {
  await using folder = await testFolder();
  const { path } = folder, out = `${path}/out.wav`;
  const broken = new Float32Array(9000);
  broken[8500] = NaN;
  const bytesOf = (samples: Float32Array) => [...new Uint8Array(samples.buffer)];
  const floats = formatChunk({ code: 3, bits: 32, blockAlign: 4, sampleRate });
  const files: [string, Uint8Array, RegExp][] = [
    ["nan.wav", riffFile([floats, dataChunk(bytesOf(broken))]), /sample 8500 of channel 0 is NaN/],
    [
      "none.wav",
      encodeWav([new Float32Array()], sampleRate),
      /it has 0 samples \(0\.000 s\) at 8000 Hz, at least 64/,
    ],
    [
      "short.wav",
      encodeWav([sine(1, 63, sampleRate)], sampleRate),
      /has 63 samples .* at 8000 Hz, at least 64 samples \(0\.008 s\) are needed; give a longer/,
    ],
    [
      "cut.wav",
      encodeWav([sine(1, 1000, sampleRate)], sampleRate).slice(0, 100),
      /has 28 samples .* at least 64 .* are needed; chunk "data" .* says 2000 bytes, found 56/,
    ],
    ["empty.flac", new Uint8Array(), /the file is empty; make it again/],
    ["song.mid", new TextEncoder().encode("MThd 1234"), /expected WAV, FLAC, MP3.*convert it/],
    [
      "codec.wav",
      riffFile([formatChunk({ code: 0x161, bits: 8, blockAlign: 1 }), dataChunk([0])]),
      /format 353 \(WMA\)/,
    ],
    [
      "slow.wav",
      riffFile([formatChunk({ sampleRate: 7 }), dataChunk([0, 0])]),
      /Cannot resample from 7 to 8000 Hz: expected a factor of at most 1000; check the rates/,
    ],
  ];
  await Deno.writeTextFile(out, "before");
  for (const [name, bytes, message] of files) {
    const source = `${path}/${name}`;
    await Deno.writeFile(source, bytes);
    const named = `Cannot reconstruct "${source}": `;
    await assertRejects(
      () => reconstructWith(melGan, { source, out, chunkFrames: 9 }, silentTerminal()),
      (error: Error) => error.message.startsWith(named) && message.test(error.message),
    );
    await Deno.remove(source);
    assertEquals(await namesIn(path), ["out.wav"]);
    assertEquals(await Deno.readTextFile(out), "before");
  }
});
