/** Standard MIDI Files made by hand. @module */

/** What a file made by hand says of itself. */
export interface SmfParts {
  format?: number;
  division?: number;
  /** What the header announces; the number of tracks by default. */
  announced?: number;
}

/** A file of tracks given as bytes, each event with its delta; the end of track is added. */
export function smfBytes(tracks: number[][], parts: SmfParts = {}): Uint8Array<ArrayBuffer> {
  const { format = tracks.length > 1 ? 1 : 0, division = 480, announced = tracks.length } = parts;
  return Uint8Array.from([
    ...chunk("MThd", [...uint16(format), ...uint16(announced), ...uint16(division)]),
    ...tracks.flatMap((track) => chunk("MTrk", [...track, 0, 0xff, 0x2f, 0])),
  ]);
}

/** A chunk of a name and its bytes, with the length between them. */
export function chunk(id: string, bytes: number[]): number[] {
  const length = [...uint16(bytes.length >>> 16), ...uint16(bytes.length & 0xffff)];
  return [...id].map((character) => character.charCodeAt(0)).concat(length, bytes);
}

/** A tempo event without its delta, in microseconds per quarter note. */
export function tempoEvent(microseconds: number): number[] {
  return [0xff, 0x51, 3, microseconds >> 16, ...uint16(microseconds & 0xffff)];
}

/** The MIDI files shipped with the project. */
export function demoMidiFiles(): URL[] {
  const folder = new URL("../../assets/demo-midi/", import.meta.url);
  return midiFilesIn(folder).sort((a, b) => a.href < b.href ? -1 : 1);
}

function midiFilesIn(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return midiFilesIn(new URL(`${name}/`, folder));
    return /\.midi?$/i.test(name) ? [new URL(name, folder)] : [];
  });
}

function uint16(value: number): number[] {
  return [value >> 8, value & 0xff];
}
