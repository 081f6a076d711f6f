/** The files that a prepared set is made from: found, hashed, each content once. @module */
import { hashFile, IoError, pathKind, walkFiles } from "./io.ts";

/** A source file as it was found. */
export interface SourceFile {
  /** Its path below the source folder, with `/`. */
  file: string;
  /** Its path. */
  path: string;
  /** Its length. */
  bytes: number;
  /** SHA-256 of its bytes, 64 hex digits; empty if it could not be read. */
  sha256: string;
  /** Why it is left out without looking into it. */
  reason?: string;
}

/** Which files are wanted. */
export interface SourceRules {
  /** What they are called in errors. */
  readonly noun: string;
  /** The ends of their names, in lower case. */
  readonly extensions: readonly string[];
  /** What to do about a folder without them. */
  readonly findAdvice: string;
  /** A file with more bytes than this is left out. */
  readonly maxBytes: (file: string) => number;
}

/**
 * All wanted files under a folder, in the order of their paths. Those that cannot be read, are too large or
 * repeat another have a reason.
 *
 * @throws {IoError} If the folder is missing or holds no such file
 */
export async function findSourceFiles(source: string, rules: SourceRules): Promise<SourceFile[]> {
  const paths = await findPaths(source, rules);
  const base = source.length + (/^[/\\]$/.test(source) ? 0 : 1);
  const first = new Map<string, string>();
  const found: SourceFile[] = [];
  for (const path of paths) {
    const entry = await hashSource(path, path.slice(base), rules);
    const twin = first.get(entry.sha256);
    if (entry.reason === undefined && twin !== undefined) {
      entry.reason = `the same content as "${twin}"`;
    }
    if (entry.reason === undefined) first.set(entry.sha256, entry.file);
    found.push(entry);
  }
  return found;
}

/** What is wrong with a file, without its path, so that the manifest is the same wherever it lies. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^Cannot \w+ ".*?": /, "");
}

/** SHA-256 as 64 hex digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function findPaths(source: string, rules: SourceRules): Promise<string[]> {
  const { noun, extensions, findAdvice } = rules;
  if (await pathKind(source) === "file") {
    throw new IoError(
      "wrong-kind",
      source,
      `Cannot prepare "${source}": it is a file; give the folder that holds your ${noun} files`,
    );
  }
  const paths = await walkFiles(source, { extensions });
  if (paths.length > 0) return paths;
  const names = `${extensions.slice(0, -1).join(", ")} or ${extensions.at(-1)}`;
  throw new IoError(
    "missing",
    source,
    `Cannot prepare "${source}": no ${names} file in it or in the folders below; ${findAdvice}`,
  );
}

async function hashSource(path: string, file: string, rules: SourceRules): Promise<SourceFile> {
  try {
    return { file, path, ...await hashFile(path, { maxBytes: rules.maxBytes(file) }) };
  } catch (error) {
    return { file, path, bytes: 0, sha256: "", reason: reasonOf(error) };
  }
}
