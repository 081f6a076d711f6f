/** Notes to sound, through a SoundFont. The synthesizer is imported at first use. @module */
import type { SpessaSynthProcessor } from "../../deps/spessasynth.ts";
import { halveSampleRate } from "../audio/halve.ts";
import type { Sound } from "../audio/wav.ts";
import { type Note, notesSeconds } from "./notes.ts";
import { loadSoundFont } from "./soundfont.ts";

/** How notes are rendered. */
export interface RenderOptions {
  /** Bytes of a SoundFont 2 file; the piano of `assets/` if not given. */
  soundfont?: Uint8Array;
  /** In Hz; 44100 if not given. */
  sampleRate?: 44100 | 22050;
  /** Seconds of sound after the last release; 2 if not given. */
  tail?: number;
}

/** The longest sound that is rendered, in seconds. */
export const maxRenderSeconds = 7200;

// The synthesizer shares its filter tables between instances of any rate, hence one rate for all.
const synthRate = 44100;
const blockSize = 128;
const peakLevel = 0.8;
const silence = 1e-6;
const fadeSeconds = 0.2;
const reverbSend = 91;
const chorusSend = 93;
const reverbAmount = 40; // of 127: a small room

/** `velocity` 0 is a release. */
type KeyEvent = { frame: number; pitch: number; velocity: number };

/**
 * Plays notes on a SoundFont's first piano, with a little room around it. The loudest sample is 0.8; the same
 * notes give the same samples.
 *
 * @param notes In any order; each sounds until its own `end`
 * @returns Two channels of `round((last end + tail) * sampleRate)` samples
 * @throws {RangeError} If a note or option is out of range, or the sound would pass two hours
 * @throws {SyntaxError} If the SoundFont can't be read
 *
 * @example
 * ```ts
 * import { renderNotes } from "./render.ts";
 *
 * const { channels, sampleRate } = await renderNotes([{ pitch: 60, velocity: 80, start: 0, end: 1 }]);
 * console.assert(channels[0].length === 3 * sampleRate);
 * ```
 */
export async function renderNotes(
  notes: readonly Note[],
  { soundfont, sampleRate = 44100, tail = 2 }: RenderOptions = {},
): Promise<Sound> {
  checkOptions(notes, sampleRate, tail);
  const bank = await loadSoundFont(soundfont);
  const { SpessaSynthProcessor } = await import("../../deps/spessasynth.ts");
  const synth = new SpessaSynthProcessor(synthRate, {
    maxBufferSize: blockSize,
    eventsEnabled: false,
  });
  await synth.processorInitialized;
  synth.soundBankManager.addSoundBank(bank, "main");
  synth.controllerChange(0, reverbSend, reverbAmount);
  synth.controllerChange(0, chorusSend, 0);

  const halve = sampleRate === 22050;
  const nFrames = Math.round((notesSeconds(notes) + tail) * sampleRate);
  const channels = play(synth, keyEvents(notes), halve ? nFrames * 2 : nFrames);
  const sound = halve ? channels.map(halveSampleRate) : channels;
  checkFinite(sound);
  fadeOut(sound, Math.round(Math.min(fadeSeconds, tail) * sampleRate));
  normalisePeak(sound);
  return { channels: sound, sampleRate };
}

function checkOptions(notes: readonly Note[], sampleRate: number, tail: number): void {
  for (const [i, { pitch, velocity, start, end }] of notes.entries()) {
    const key = Number.isInteger(pitch) && pitch >= 0 && pitch <= 127;
    const strength = velocity >= 1 && velocity <= 127;
    if (key && strength && start >= 0 && end >= start && end <= maxRenderSeconds) continue;
    throw new RangeError(
      `Cannot render note ${i}: pitch ${pitch}, velocity ${velocity}, ${start} to ${end} s; expected a whole ` +
        `pitch in 0..127, a velocity in 1..127 and 0 <= start <= end <= ${maxRenderSeconds} s; cut long pieces`,
    );
  }
  if (sampleRate !== 44100 && sampleRate !== 22050) {
    throw new RangeError(`Cannot render at sampleRate ${sampleRate}, expected 44100 or 22050 Hz`);
  }
  if (!(tail >= 0 && tail <= 60)) {
    throw new RangeError(`Cannot render with tail ${tail}, expected 0 to 60 s`);
  }
}

/** Strikes and releases in order; of one frame the releases first, and each note at least one frame long. */
function keyEvents(notes: readonly Note[]): KeyEvent[] {
  const events = notes.flatMap(({ pitch, velocity, start, end }) => {
    const on = Math.round(start * synthRate);
    const off = Math.max(on + 1, Math.round(end * synthRate));
    return [
      { frame: on, pitch, velocity: Math.round(velocity) },
      { frame: off, pitch, velocity: 0 },
    ];
  });
  return events.sort((a, b) => a.frame - b.frame || a.velocity - b.velocity || a.pitch - b.pitch);
}

function play(synth: SpessaSynthProcessor, events: KeyEvent[], nFrames: number): Float32Array[] {
  const [left, right] = [new Float32Array(nFrames), new Float32Array(nFrames)];
  let next = 0;
  for (let frame = 0; frame < nFrames;) {
    for (; next < events.length && events[next].frame <= frame; next++) {
      const { pitch, velocity } = events[next];
      if (velocity > 0) synth.noteOn(0, pitch, velocity);
      else synth.noteOff(0, pitch);
    }
    const until = Math.min(nFrames, events[next]?.frame ?? nFrames, frame + blockSize);
    synth.process(left, right, frame, until - frame);
    frame = until;
  }
  return [left, right];
}

function checkFinite(channels: readonly Float32Array[]): void {
  if (channels.every((samples) => samples.every(Number.isFinite))) return;
  throw new SyntaxError(
    "Cannot read SoundFont: it gives samples that are not finite; the file is damaged",
  );
}

function fadeOut(channels: readonly Float32Array[], nFade: number): void {
  for (const samples of channels) {
    for (let i = 1; i <= nFade; i++) samples[samples.length - i] *= (i - 1) / nFade;
  }
}

function normalisePeak(channels: readonly Float32Array[]): void {
  let peak = 0;
  for (const samples of channels) {
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  }
  if (peak < silence) return;
  for (const samples of channels) {
    for (let i = 0; i < samples.length; i++) samples[i] *= peakLevel / peak;
  }
}
