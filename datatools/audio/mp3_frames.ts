/**
 * The frames of an MP3 file, counted and not decoded: ISO/IEC 11172-3 and 13818-3, layer III; the tags around them by
 * ID3 2.4 and APE 2.0; the number of frames that encoders write into the first one (Xing, Info, VBRI).
 *
 * @module
 */
import { bufferedSource, bytesAt, type ByteSource, findByte } from "./byte_source.ts";

/** What the headers of an MP3 file say. */
export interface Mp3Scan {
  readonly nChannels: number;
  readonly sampleRate: number;
  /** From the first frame to behind the last. */
  readonly start: number;
  readonly end: number;
  /** What is wrong with the file; empty if nothing is. */
  readonly problems: readonly string[];
}

interface FrameHeader {
  readonly nChannels: number;
  readonly sampleRate: number;
  readonly nBytes: number;
  /** Bytes before the sound: what the first frame tells of the file stands behind them. */
  readonly sideBytes: number;
}

const bitRates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const lowBitRates = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const rates = [44100, 48000, 32000];
/** How long an ID3v2 tag at the beginning is, with its header and footer; 0 if there is none. */
export function id3Length(source: ByteSource): number {
  const head = bytesAt(source, 0, 10);
  if (head.length < 10 || text(head, 0, 3) !== "ID3") return 0;
  const size = head.subarray(6).reduce((sum, byte) => sum * 128 + (byte & 127), 0);
  return 10 + size + (head[5] & 16 ? 10 : 0);
}

/** Whether frames of MP3 begin at `at`: two in a row, or one that ends the file. */
export function isMp3At(source: ByteSource, at: number): boolean {
  return isRun(source, at, soundEnd(source));
}

function isRun(source: ByteSource, at: number, end: number): boolean {
  const first = headerAt(source, at);
  if (!first) return false;
  const next = at + first.nBytes;
  return next >= end || headerAt(source, next)?.sampleRate === first.sampleRate;
}

/**
 * Walks over all frames.
 *
 * @throws {SyntaxError} If there are none, or they change their rate or number of channels
 */
export function scanMp3(unbuffered: ByteSource): Mp3Scan {
  const source = bufferedSource(unbuffered);
  const end = soundEnd(source);
  const start = nextFrame(source, id3Length(source), end);
  const first = start === undefined ? undefined : headerAt(source, start);
  if (start === undefined || !first) {
    throw new SyntaxError("Cannot read MP3: no frame of sound was found; is it another format?");
  }
  const problems: string[] = [];
  let nFrames = 0, nJunkBytes = 0, at = start;
  while (at < end) {
    const header = headerAt(source, at);
    if (!header) {
      const next = nextFrame(source, at, end) ?? end;
      nJunkBytes += next - at;
      at = next;
      continue;
    }
    checkSame(header, first);
    nFrames++;
    at += header.nBytes;
  }
  if (at > end) problems.push(`its last frame lacks ${at - end} bytes; the file is cut off`);
  if (nJunkBytes > 0) problems.push(`${nJunkBytes} bytes between frames are none; it is damaged`);
  const promised = promisedFrames(source, start, first);
  if (promised !== undefined && nFrames - 1 < promised) { // the first tells and does not sound
    problems.push(`it says ${promised} frames, found ${nFrames - 1}; the file is cut off`);
  }
  return { nChannels: first.nChannels, sampleRate: first.sampleRate, start, end, problems };
}

function headerAt(source: ByteSource, at: number): FrameHeader | undefined {
  const [a, b, c, d] = bytesAt(source, at, 4);
  const version = b >> 3 & 3; // 0: 2.5, 2: 2, 3: 1
  const bitRateIndex = c >> 4, rateIndex = c >> 2 & 3;
  if (a !== 0xff || (b & 0xe0) !== 0xe0 || (b >> 1 & 3) !== 1 || version === 1 || d === undefined) {
    return undefined;
  }
  if (bitRateIndex === 0 || bitRateIndex === 15 || rateIndex === 3) return undefined;
  const isFull = version === 3;
  const sampleRate = rates[rateIndex] / (isFull ? 1 : version === 2 ? 2 : 4);
  const bitRate = (isFull ? bitRates : lowBitRates)[bitRateIndex - 1];
  const nBytes = Math.floor((isFull ? 144_000 : 72_000) * bitRate / sampleRate) + (c >> 1 & 1);
  const isMono = d >> 6 === 3;
  const sideBytes = isFull ? (isMono ? 17 : 32) : isMono ? 9 : 17;
  return { nChannels: isMono ? 1 : 2, sampleRate, nBytes, sideBytes };
}

/** The first place from `from` on where frames begin. */
function nextFrame(source: ByteSource, from: number, end: number): number | undefined {
  for (let at = from; at < end; at++) {
    at = findByte(source, 0xff, at, end);
    if (at < end && isRun(source, at, end)) return at;
  }
  return undefined;
}

function checkSame(header: FrameHeader, first: FrameHeader): void {
  if (header.sampleRate === first.sampleRate && header.nChannels === first.nChannels) return;
  throw new SyntaxError(
    `Cannot read MP3: it goes on with ${header.nChannels} channels at ${header.sampleRate} Hz, ` +
      `began with ${first.nChannels} at ${first.sampleRate}; split it into one file of each`,
  );
}

function promisedFrames(
  source: ByteSource,
  at: number,
  { sideBytes }: FrameHeader,
): number | undefined {
  const bytes = bytesAt(source, at + 4, 56);
  if (bytes.length < 56) return undefined;
  const view = new DataView(bytes.buffer);
  const isCounted = (view.getUint32(sideBytes + 4) & 1) === 1;
  if (["Xing", "Info"].includes(text(bytes, sideBytes, 4)) && isCounted) {
    return view.getUint32(sideBytes + 8);
  }
  return text(bytes, 32, 4) === "VBRI" ? view.getUint32(46) : undefined;
}

/** Where the tags behind the sound begin: ID3v1, and APE before it. */
function soundEnd(source: ByteSource): number {
  let end = source.size;
  if (text(bytesAt(source, Math.max(0, end - 128), 3), 0, 3) === "TAG") end -= 128;
  const footer = bytesAt(source, Math.max(0, end - 32), 32);
  if (end >= 32 && text(footer, 0, 8) === "APETAGEX") {
    const view = new DataView(footer.buffer);
    const header = view.getUint32(20, true) >>> 31 === 1 ? 32 : 0;
    end -= view.getUint32(12, true) + header;
  }
  return Math.max(0, end);
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
