/** The header of a safetensors file: JSON that says where each tensor lies, checked against the format. @module */
import { CheckpointError } from "./checkpoint_error.ts";
import { arrayOf, type DType, isCounts, sizeOf, widthOf } from "./tensor_data.ts";

/** The format allows 100 MB, whose parts would take gigabytes; this is enough for 150,000 tensors. */
export const maxHeaderBytes: number = 2 ** 24;
const maxHeaderDepth = 3; // the header, an entry, its shape

/** One entry of the header, checked. */
export interface Entry {
  key: string;
  dtype: DType;
  shape: number[];
  begin: number;
  end: number;
}

/** Makes the error of a problem, at a tensor if it is of one. */
export type Fail = (problem: string, key?: string, cause?: unknown) => CheckpointError;

/** Reads a header. */
export function parseHeader(
  header: Uint8Array,
  fail: Fail,
): { entries: Entry[]; metadata: Record<string, string> } {
  if (header[0] !== 0x7b) throw fail("its header does not begin with {; it is no safetensors file");
  let keys: string[];
  let parsed: Record<string, unknown>;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(header);
    keys = uniqueKeys(text, fail);
    parsed = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw fail("its header is not JSON; the file was damaged", undefined, cause);
  }
  const entries = keys.filter((key) => key !== "__metadata__")
    .map((key) => parseEntry(key, parsed[key], fail));
  return { entries, metadata: parseMetadata(parsed["__metadata__"], fail) };
}

/**
 * The keys of the outermost object of JSON, in the order of the text, which `JSON.parse` alone neither keeps (for
 * keys like `"10"`) nor finds repeated. Of text that is no JSON it gives anything, or throws.
 */
function uniqueKeys(json: string, fail: Fail): string[] {
  const open: (Set<string> | undefined)[] = []; // the keys of each open object; undefined for an array
  let outer = new Set<string>();
  for (let at = 0; at < json.length; at++) {
    const token = json[at]!;
    if (token === "{" || token === "[") {
      open.push(token === "{" ? new Set() : undefined);
      if (open.length > maxHeaderDepth) {
        throw fail(`its header nests deeper than ${maxHeaderDepth}; the file was made up`);
      }
    } else if (token === "}" || token === "]") outer = open.pop() ?? outer;
    else if (token === '"') {
      const begin = at;
      at = endOfString(json, begin);
      if (!isBeforeColon(json, at)) continue;
      const key: string = JSON.parse(json.slice(begin, at + 1));
      const seen = open.at(-1)!;
      if (seen.has(key)) throw fail("appears twice in the header; the file was damaged", key);
      if (!key.isWellFormed()) throw fail("is not valid Unicode; the file was damaged", key);
      seen.add(key);
    }
  }
  return [...outer];
}

/** Where the string that begins at `begin` has its last quote. @throws {SyntaxError} If it has none */
function endOfString(json: string, begin: number): number {
  for (let at = begin + 1; at < json.length; at++) {
    if (json[at] === '"') return at;
    if (json[at] === "\\") at++;
  }
  throw new SyntaxError("a string does not end");
}

/** Whether a colon is next after `at`: what ends there is a key. */
function isBeforeColon(json: string, at: number): boolean {
  let next = at + 1;
  while (/\s/.test(json[next] ?? "")) next++;
  return json[next] === ":";
}

function parseMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) throw fail("must be an object of strings", "__metadata__");
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw fail(`has ${JSON.stringify(key)} that is no string`, "__metadata__");
    }
  }
  return value as Record<string, string>;
}

function parseEntry(key: string, value: unknown, fail: Fail): Entry {
  if (!isObject(value)) throw fail("must be an object with dtype, shape and data_offsets", key);
  const { dtype, shape, data_offsets: offsets, ...rest } = value;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw fail(`has the unknown field ${JSON.stringify(unknown)}`, key);
  if (typeof dtype !== "string" || !Object.hasOwn(arrayOf, dtype)) {
    const known = Object.keys(arrayOf).join(", ");
    throw fail(`has dtype ${JSON.stringify(dtype)}, expected one of ${known}`, key);
  }
  if (!isCounts(shape)) {
    throw fail(`has shape ${JSON.stringify(shape)}, expected non-negative integers`, key);
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw fail(`has data_offsets ${JSON.stringify(offsets)}, expected [begin, end]`, key);
  }
  const [begin, end] = offsets;
  const expected = sizeOf(shape) * widthOf(dtype as DType);
  if (expected !== end - begin) {
    throw fail(
      `has ${end - begin} bytes, expected ${expected} for ${dtype} of shape ${
        JSON.stringify(shape)
      }`,
      key,
    );
  }
  return { key, dtype: dtype as DType, shape, begin, end };
}

/** The format's rule: the arrays follow each other from the first byte of the data to the last. */
export function checkLayout(entries: readonly Entry[], dataBytes: number, fail: Fail): void {
  let end = 0;
  const inPlace = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  for (const entry of inPlace) {
    if (entry.begin !== end) {
      const problem = entry.begin < end ? "overlaps the one before it" : "leaves a gap before it";
      throw fail(`${problem}: it begins at byte ${entry.begin}, expected ${end}`, entry.key);
    }
    end = entry.end;
  }
  if (end === dataBytes) return;
  const key = end > dataBytes ? inPlace.at(-1)?.key : undefined;
  const problem = end > dataBytes ? "the file was cut" : "bytes follow the last tensor";
  throw fail(`ends at byte ${end} of the data, which has ${dataBytes}; ${problem}`, key);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
