/** What the first bytes of a picture or sound say about it. @module */

/** Size of a picture in pixels. */
export interface PngFacts {
  /** Pixels in a row. */
  width: number;
  /** Rows. */
  height: number;
}

/** Format of a sound. */
export interface WavFacts {
  /** In Hz. */
  sampleRate: number;
  /** 1 is mono. */
  nChannels: number;
  /** Samples a channel. */
  nFrames: number;
}

const pngSignature = "\x89PNG\r\n\x1a\n";

/** The size that a PNG file states. @throws {SyntaxError} If it is none */
export function pngFacts(png: Uint8Array): PngFacts {
  if (png.length < 24 || ascii(png, 0, 8) !== pngSignature || ascii(png, 12, 4) !== "IHDR") {
    throw new SyntaxError("Cannot log a picture: its bytes are no PNG file");
  }
  const view = viewOf(png);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** The format that a RIFF WAVE file states. @throws {SyntaxError} If it is none or was cut */
export function wavFacts(wav: Uint8Array): WavFacts {
  const view = viewOf(wav);
  let format: { nChannels: number; sampleRate: number; frameBytes: number } | undefined;
  if (wav.length >= 12 && ascii(wav, 0, 4) === "RIFF" && ascii(wav, 8, 4) === "WAVE") {
    for (let at = 12; at + 8 <= wav.length;) {
      const size = view.getUint32(at + 4, true);
      const end = at + 8 + size;
      const chunk = end <= wav.length ? ascii(wav, at, 4) : "";
      if (chunk === "fmt " && size >= 16) {
        format = {
          nChannels: view.getUint16(at + 10, true),
          sampleRate: view.getUint32(at + 12, true),
          frameBytes: view.getUint16(at + 20, true),
        };
      } else if (chunk === "data" && format && format.frameBytes > 0) {
        const { nChannels, sampleRate, frameBytes } = format;
        return { sampleRate, nChannels, nFrames: Math.floor(size / frameBytes) };
      }
      at = end + (size % 2); // chunks begin at even places
    }
  }
  throw new SyntaxError("Cannot log a sound: its bytes are no whole WAV file");
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
