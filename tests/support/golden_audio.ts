/** Recorded mel filterbanks and log-mels of the PyTorch original. */
import { logMelOf } from "../../datatools/audio/log_mel.ts";
import { melFilterbank } from "../../datatools/audio/mel.ts";
import { type MelConfig, melConfigSchema, melPresets } from "../../hparams/mel_config.ts";
import { assert, assertEquals } from "./assert.ts";
import { GoldenCase, type GoldenFamily } from "./golden.ts";

/** Each item of `in/audio` [batch, (1,) samples] as [nMels, frames], the recorded layout. */
function logMels(golden: GoldenCase, config: MelConfig): Float32Array {
  const { shape, values } = golden.get("in/audio");
  const nSamples = shape.at(-1)!;
  const items = Array.from({ length: shape[0] }, (_, i) => {
    const logMel = logMelOf(values.slice(i * nSamples, (i + 1) * nSamples), config);
    return bandsFirst(logMel, config.nMels);
  });
  return Float32Array.from(items.flatMap((item) => [...item]));
}

/** [frames, nMels] as [nMels, frames]. */
function bandsFirst(logMel: Float32Array, nMels: number): Float32Array {
  const nFrames = logMel.length / nMels;
  return logMel.map((_, i) => logMel[(i % nFrames) * nMels + Math.floor(i / nFrames)]);
}

/** The front end of a recorded Audio2Mel. */
export function audio2MelConfig({ hparams }: GoldenCase): MelConfig {
  const { n_fft, hop_length, win_length, sampling_rate, n_mel_channels, mel_fmin, mel_fmax } =
    hparams;
  return melConfigSchema.parse({
    nFft: n_fft,
    hopLength: hop_length,
    winLength: win_length,
    sampleRate: sampling_rate,
    nMels: n_mel_channels,
    fMin: mel_fmin,
    fMax: mel_fmax,
  });
}

/** MelGAN's log-mels and their filterbank. */
export const audio2Mel: GoldenFamily = {
  prefix: "audio2mel-",
  check(file) {
    const golden = new GoldenCase(file);
    const config = audio2MelConfig(golden);
    golden.compare("log_mel", logMels(golden, config), "forward");
    golden.compare("mel_basis", melFilterbank(config), "forward");
    golden.assertAllCompared();
  },
};

/** The log-mels of the VAE and the VQ-VAE. */
export const convertAudios2Mels: GoldenFamily = {
  prefix: "convert-audios2mels-",
  check(file) {
    const golden = new GoldenCase(file);
    const { sample_rate, n_mels, hop_len, n_fft, win_len, fmin, fmax } = golden.hparams;
    const config = {
      ...melPresets["upstream-vae"],
      sampleRate: sample_rate,
      nMels: n_mels,
      hopLength: hop_len,
      nFft: n_fft,
      winLength: win_len,
      fMin: fmin,
      fMax: fmax,
    };
    if (file.name.endsWith("-default.safetensors")) {
      assertEquals(config, melPresets["upstream-vae"]);
    }
    const mels = logMels(golden, config);
    golden.compare("mels", mels, "forward");
    const item0 = golden.get("out/mels_item0").values.length;
    golden.compare("mels_item0", mels.subarray(0, item0), "forward");
    golden.assertAllCompared();
  },
};

/** Filterbanks of librosa, to 1e-6. */
export const melBasis: GoldenFamily = {
  prefix: "mel-basis-",
  check(file) {
    const golden = new GoldenCase(file);
    const { sr, n_fft, n_mels, fmin, fmax } = golden.hparams;
    const config = melConfigSchema.parse({
      sampleRate: sr,
      nFft: n_fft,
      winLength: n_fft,
      nMels: n_mels,
      fMin: fmin,
      fMax: fmax,
    });
    const filterbank = melFilterbank(config);
    golden.compare("mel_basis", filterbank, "forward");
    const recorded = golden.get("out/mel_basis").values;
    assert(filterbank.every((weight, i) => Math.abs(weight - recorded[i]) < 1e-6));
    golden.assertAllCompared();
  },
};
