/** `@tonejs/midi`: Standard MIDI Files (CommonJS, so re-exported by name). @module */
import midi from "npm:@tonejs/midi@2.0.28";

/** A parsed Standard MIDI File. */
export const Midi: typeof midi.Midi = midi.Midi;
/** A parsed Standard MIDI File. */
export type Midi = InstanceType<typeof midi.Midi>;

/** The General MIDI name of a program 0..127, or of a drum kit. */
export function instrumentName(program: number, drums: boolean): string {
  const track = new Midi().addTrack();
  track.channel = drums ? 9 : 0;
  track.instrument.number = program;
  return track.instrument.name ?? (drums ? "drums" : "unknown");
}
