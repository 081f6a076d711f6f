/** Small generated pieces of music, and folders of them, for tests. @module */
import type { Note } from "../../datatools/midi/notes.ts";
import { writeMidi } from "../../datatools/midi/smf.ts";

/** A folder that is removed at the end of its block. */
export interface TestFolder extends AsyncDisposable {
  /** Its path. */
  readonly path: string;
}

/** A new empty folder. */
export async function testFolder(): Promise<TestFolder> {
  const path = await Deno.makeTempDir({ prefix: "coopertunes-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** `nNotes` notes that follow from the seed: two a second, some together, within the 88 keys. */
export function generatedNotes(seed: number, nNotes: number): Note[] {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const draw = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  let time = 0;
  return Array.from({ length: nNotes }, () => {
    time += draw(4) * 0.25;
    return {
      pitch: 40 + draw(45),
      velocity: 30 + draw(80),
      start: time,
      end: time + 0.25 + draw(4) * 0.25,
    };
  });
}

/** The bytes of a generated piece. */
export function generatedMidi(seed: number, nNotes: number): Uint8Array {
  return writeMidi(generatedNotes(seed, nNotes));
}

/** Writes files, each by its path below `dir`, with the folders they need. */
export async function writeFiles(dir: string, files: Record<string, Uint8Array>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    const path = `${dir}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(path, bytes);
  }
}

/** Writes `n` generated pieces of different lengths, `piece-00.mid` and on. */
export async function writePieces(dir: string, n: number, nNotes = 60): Promise<void> {
  const names = Array.from({ length: n }, (_, i) => `piece-${String(i).padStart(2, "0")}.mid`);
  await writeFiles(
    dir,
    Object.fromEntries(names.map((name, i) => [name, generatedMidi(i, nNotes + 7 * i)])),
  );
}
