/** Names of files: paths, addresses, and those of files that are not finished. @module */

/** The URL that `source` is, or undefined for a path. */
export function asUrl(source: string | URL): URL | undefined {
  if (source instanceof URL) return source;
  return /^(https?|file):\/\//i.test(source) ? new URL(source) : undefined;
}

/** The path that `source` (a path or a `file:` address) names. @throws {TypeError} If it is no file */
export function toPath(source: string | URL): string {
  const url = asUrl(source);
  if (!url) return source as string;
  if (url.protocol !== "file:") {
    throw new TypeError(`Cannot use "${url}" as a file: expected a path or a file: URL`);
  }
  const path = decodeURIComponent(url.pathname);
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path; // file:///C:/x
}

/** Whether a file name is one that {@linkcode writeAtomic} left when its process was killed. */
export function isTemporaryName(name: string): boolean {
  return /^\..+\.[0-9a-f]{8}\.tmp$/.test(name);
}

/** A hidden name beside `path` that no other writer uses. */
export function temporaryName(path: string): string {
  const cut = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
  const unique = crypto.randomUUID().slice(0, 8);
  return `${path.slice(0, cut)}.${path.slice(cut)}.${unique}.tmp`;
}
