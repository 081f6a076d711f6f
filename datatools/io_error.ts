/** Why a file or an address could not be used, in words that say what to do. @module */

/** What went wrong, for code that must tell the cases apart. */
export type IoErrorKind =
  | "missing"
  | "not-allowed"
  | "denied"
  | "full"
  | "read-only"
  | "wrong-kind"
  | "too-large"
  | "network"
  | "other";

/** A failed read or write; `source` is the path or address, `cause` the runtime's own error. */
export class IoError extends Error {
  /** The class name, so that a log line tells what it is. */
  override readonly name = "IoError";

  /**
   * Makes the error; see {@linkcode toIoError} for the usual way to one.
   *
   * @param kind What went wrong
   * @param source The path or address that was used
   * @param message What failed, where, what was found and what to do
   * @param options `cause`: the error underneath
   */
  constructor(
    readonly kind: IoErrorKind,
    readonly source: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const kindOfCode: Record<string, IoErrorKind> = {
  ENOENT: "missing",
  EACCES: "denied",
  EPERM: "denied",
  ENOSPC: "full",
  EDQUOT: "full",
  EROFS: "read-only",
  EISDIR: "wrong-kind",
  ENOTDIR: "wrong-kind",
};

const adviceOfKind: Partial<Record<IoErrorKind, string>> = {
  missing: "there is no such file or folder; check the path",
  denied: "the system refuses access; change the owner or mode of it, or choose another place",
  full: "the disk is full; free some space and try again (what was there before is untouched)",
  "read-only": "this disk is read-only; choose another place",
  "wrong-kind": "a file was found where a folder is needed, or a folder where a file is needed",
};

/**
 * Turns a runtime error into an {@linkcode IoError} that names the source and the remedy.
 *
 * @param action What was tried, as a verb: `read`, `write`, `list`
 * @param source The path or address
 * @param cause What was thrown; an `IoError` is returned as it is
 */
export function toIoError(action: string, source: string, cause: unknown): IoError {
  if (cause instanceof IoError) return cause;
  const error = cause instanceof Error ? cause as Error & { code?: unknown } : undefined;
  const head = `Cannot ${action} "${source}"`;
  if (error?.name === "NotCapable") {
    return new IoError("not-allowed", source, `${head}: ${permissionAdvice(error.message)}`, {
      cause,
    });
  }
  const kind = kindOfCode[String(error?.code)] ?? "other";
  const reason = adviceOfKind[kind] ?? error?.message ?? String(cause);
  return new IoError(kind, source, `${head}: ${reason}`, { cause });
}

/** The flag that would have allowed it, from Deno's `Requires read access to "x", run again...`. */
function permissionAdvice(message: string): string {
  const [, kind, place] = /Requires (\w+) access to "?([^",]*)"?/.exec(message) ?? [];
  if (kind === undefined) return message;
  if (kind === "all") return "the runtime protects this place; choose an ordinary file";
  return `no ${kind} permission; add --allow-${kind}=${place}`;
}
