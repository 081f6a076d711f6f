/**
 * What `resample` makes of recordings and of a sine above the new Nyquist frequency, for resample_compare.py.
 *
 * usage: deno run --allow-read --allow-write=DIR tests/interop/resample.ts DIR FILE...
 *
 * @module
 */
import { decodeAudio } from "../../datatools/audio/decode.ts";
import { mixToMono } from "../../datatools/audio/mix.ts";
import { resample } from "../../datatools/audio/resample.ts";

const rates = [[22050, 16000], [22050, 44100], [22050, 22500], [22050, 11025]] as const;
const [folder, ...files] = Deno.args;
if (folder === undefined || files.length === 0) throw new Error("Expected DIR FILE...");
await Deno.mkdir(folder, { recursive: true });

const sine = Float32Array.from(
  { length: 44100 },
  (_, t) => Math.sin(2 * Math.PI * 9000 * t / 22050),
);
const sounds: [name: string, samples: Float32Array][] = [["sine", sine]];
for (const [i, file] of files.entries()) {
  const sound = await decodeAudio(file);
  if (sound.sampleRate !== 22050) {
    throw new Error(`${file} has ${sound.sampleRate} Hz, expected 22050`);
  }
  sounds.push([`recording-${i}`, mixToMono(sound)]);
}
const cases = [];
for (const [sound, samples] of sounds) {
  for (const [from, to] of sound === "sine" ? [[22050, 16000], [22050, 11025]] : rates) {
    const name = `${sound}-${to}`, after = resample(samples, { from, to });
    for (const [kind, data] of Object.entries({ before: samples, after })) {
      await Deno.writeFile(`${folder}/${name}-${kind}.f32`, new Uint8Array(data.slice().buffer));
    }
    cases.push({ name, from, to });
  }
}
await Deno.writeTextFile(`${folder}/cases.json`, JSON.stringify(cases));
