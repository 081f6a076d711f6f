/**
 * Whether our transforms give librosa's figures on recordings. Needs `pip install librosa safetensors`, so it is run
 * by hand, on WAV files of one rate:
 *
 *   deno run --allow-read --allow-write=DIR tests/interop/librosa.ts DIR FILE.wav...
 *   python3 tests/interop/librosa_compare.py DIR FILE.wav...
 *
 * @module
 */
import { griffinLim } from "../../datatools/audio/griffin_lim.ts";
import { logMelOf } from "../../datatools/audio/log_mel.ts";
import { melFilterbank } from "../../datatools/audio/mel.ts";
import { invertMel } from "../../datatools/audio/mel_inversion.ts";
import { magnitudes, Stft } from "../../datatools/audio/stft.ts";
import { decodeWav } from "../../datatools/audio/wav.ts";
import { encodeCheckpoint, type TensorData } from "../../datatools/checkpoints/safetensors.ts";
import { readBytes, writeAtomic } from "../../datatools/io.ts";
import { melPresets } from "../../hparams/mel_config.ts";

const maxSeconds = 10;
const melGan = melPresets["upstream-melgan"];
const centred = { ...melGan, framePadding: "centerZero" } as const;

function figures(samples: Float32Array): Map<string, TensorData> {
  const floats = (data: Float32Array): TensorData => ({ dtype: "F32", shape: [data.length], data });
  const tensors = new Map<string, TensorData>();
  const keep = (name: string, data: Float32Array) => tensors.set(name, floats(data));
  for (const framePadding of ["none", "centerReflect", "centerZero"] as const) {
    const { re, im } = new Stft({ ...melGan, framePadding }).forward(samples);
    keep(`stft/${framePadding}/re`, re);
    keep(`stft/${framePadding}/im`, im);
  }
  for (const [name, config] of Object.entries(melPresets)) {
    keep(`filterbank/${name}`, melFilterbank(config));
    keep(`log_mel/${name}`, logMelOf(samples, config));
  }
  const mel = logMelOf(samples, { ...centred, logFloor: 1e-30 }).map((value) => 10 ** value);
  keep("inversion", invertMel(mel, centred).magnitude);
  const stft = new Stft(centred);
  const spectrum = stft.forward(samples);
  keep("istft", stft.inverse(spectrum));
  for (const iterations of [32, 100]) {
    keep(`griffin_lim/${iterations}`, griffinLim(magnitudes(spectrum), centred, { iterations }));
  }
  return tensors;
}

const [dir, ...files] = Deno.args;
if (files.length === 0) throw new Error("usage: librosa.ts DIR FILE.wav...");
for (const [i, file] of files.entries()) {
  const { channels: [samples], sampleRate } = decodeWav(await readBytes(file));
  const start = samples.slice(0, maxSeconds * sampleRate);
  await writeAtomic(`${dir}/${i}.safetensors`, await encodeCheckpoint(figures(start), {}));
}
