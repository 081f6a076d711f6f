/** SoundFonts: the piano of `assets/`, and files of the user's own. @module */
import type { BasicSoundBank } from "../../deps/spessasynth.ts";
import { readBytes } from "../io.ts";

export type { BasicSoundBank };

let piano: Promise<BasicSoundBank> | undefined;
const loaded = new WeakMap<Uint8Array, Promise<BasicSoundBank>>();

/**
 * Loads a SoundFont once; the same bytes give the same bank again.
 *
 * @param bytes A SoundFont 2 file; the piano of `assets/` if not given
 * @throws {SyntaxError} If the bytes are no SoundFont or are damaged
 */
export function loadSoundFont(bytes?: Uint8Array): Promise<BasicSoundBank> {
  if (!bytes) return piano ??= loadPiano();
  const known = loaded.get(bytes) ?? parse(bytes);
  loaded.set(bytes, known);
  return known;
}

async function loadPiano(): Promise<BasicSoundBank> {
  try {
    return await parse(await readBytes(new URL("../../assets/piano.sf2", import.meta.url)));
  } catch (error) {
    piano = undefined; // a later call may have the permission or the network
    throw error;
  }
}

async function parse(bytes: Uint8Array): Promise<BasicSoundBank> {
  checkChunks(bytes);
  const { SoundBankLoader, SpessaLog } = await import("../../deps/spessasynth.ts");
  SpessaLog.setLogLevel(false, false, false);
  let bank: BasicSoundBank;
  try {
    bank = SoundBankLoader.fromArrayBuffer(bytes.slice().buffer);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`Cannot read SoundFont: ${reason}; the file is damaged`, {
      cause: error,
    });
  }
  if (bank.presets.length === 0 || bank.samples.length === 0) {
    throw unreadable(
      `found ${bank.presets.length} presets and ${bank.samples.length} samples, expected at least one of each`,
    );
  }
  return bank;
}

/** The outer chunks must fill the file: a size that points past the end means that it is cut off. */
function checkChunks(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || tag(0) !== "RIFF" || tag(8) !== "sfbk") {
    throw unreadable('the file does not start with "RIFF....sfbk"; give a SoundFont 2 file (.sf2)');
  }
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) {
    throw unreadable(`the header says ${end} bytes, found ${bytes.length}; the file is cut off`);
  }
  const names: string[] = [];
  for (let at = 12; at + 12 <= end;) {
    const size = view.getUint32(at + 4, true);
    if (tag(at) !== "LIST" || at + 8 + size > end) {
      throw unreadable(
        `chunk "${
          printable(tag(at))
        }" of ${size} bytes at byte ${at} is no list inside the file; the file is damaged`,
      );
    }
    names.push(tag(at + 8));
    at += 8 + size + size % 2;
  }
  if (names.join() === "INFO,sdta,pdta") return;
  throw unreadable(
    `found the lists "${printable(names.join())}", expected "INFO,sdta,pdta"; the file is damaged`,
  );
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}

function unreadable(why: string): SyntaxError {
  return new SyntaxError(`Cannot read SoundFont: ${why}`);
}
