/** How fast a minute of sound becomes a log-mel, and the way back. On one thread, whatever the backend. @module */
import { RealFft } from "../datatools/audio/fft.ts";
import { griffinLim } from "../datatools/audio/griffin_lim.ts";
import { logMelOf } from "../datatools/audio/log_mel.ts";
import { invertMel } from "../datatools/audio/mel_inversion.ts";
import { magnitudes, Stft } from "../datatools/audio/stft.ts";
import { audioDistances } from "../datatools/metrics/audio.ts";
import { RandomStream } from "../datatools/random.ts";
import { LogMel } from "../datatools/results/log_mel.ts";
import { melPresets } from "../hparams/mel_config.ts";
import type { BenchSettings, Figure } from "./figure.ts";
import { timed } from "./measure.ts";

const seconds = 60;
const config = melPresets["upstream-melgan"];

/** Chords that fade, and noise. */
function makeSound(): Float32Array {
  const length = seconds * config.sampleRate;
  const noise = new RandomStream(0, "bench/audio").uniform(0, length);
  return noise.map((value, t) => {
    const since = t % 11_025;
    const chord = [0.031, 0.039, 0.047].reduce(
      (sum, w) => sum + Math.sin(w * (t - since) + w * t),
      0,
    );
    return 0.2 * chord * Math.exp(-since / 6000) + 0.02 * (value - 0.5);
  });
}

/** Takes the figures, each in seconds for a minute of sound; that of the transform for a million samples. */
export async function* benchAudio({ runs, filter }: BenchSettings): AsyncGenerator<Figure> {
  const sound = makeSound();
  const magnitude = magnitudes(new Stft(config).forward(sound));
  const mels = logMelOf(sound, config).map((value) => 10 ** value);
  const estimate = sound.map((sample, t) => 0.9 * sample + 0.01 * Math.sin(t));
  const logMel = LogMel.fromSound({ channels: [sound], sampleRate: config.sampleRate }, config);
  const works: [string, () => unknown][] = [
    ["RealFft.1024", () => transform(1024)],
    ["RealFft.1000", () => transform(1000)],
    ["Stft.forward", () => new Stft(config).forward(sound)],
    ["logMelOf", () => logMelOf(sound, config)],
    ["invertMel", () => invertMel(mels, config)],
    ["griffinLim.32", () => griffinLim(magnitude, config)],
    ["audioDistances", () => audioDistances(sound, estimate, config)],
    ["LogMel.toPng", () => logMel.toPng()],
  ];
  for (const [name, work] of works) {
    if (!name.includes(filter)) continue;
    const values = await timed(() => Promise.resolve(void work()), runs);
    yield { name, unit: "s", values };
  }
}

function transform(size: number): void {
  const fft = new RealFft(size);
  const samples = Float64Array.from({ length: size }, (_, t) => Math.sin(t * t));
  const re = new Float64Array(fft.nBins), im = new Float64Array(fft.nBins);
  for (let at = 0; at < 1e6; at += size) fft.forward(samples, re, im);
}
