/** Lines of text that descriptions of all kinds of data share. @module */
import type { SkippedFile } from "./datasets/set_manifest.ts";

const BAR_WIDTH = 40;

/** A title and one line with a bar for each row, as long as its share of the largest. */
export function bars(title: string, rows: readonly (readonly [string, number])[]): string[] {
  const most = Math.max(1, ...rows.map(([, n]) => n));
  const labelWidth = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, n]) => {
    const bar = "#".repeat(Math.ceil((n / most) * BAR_WIDTH));
    return `  ${label.padStart(labelWidth)} ${String(n).padStart(10)} ${bar}`.trimEnd();
  });
  return [title, ...lines, ""];
}

/** What a set leaves out, and why. */
export function formatSkipped(skipped: readonly SkippedFile[]): string[] {
  if (skipped.length === 0) return ["no file was left out"];
  const lines = skipped.map(({ file, reason }) => `  ${file}: ${reason}`);
  return [`${skipped.length} files were left out`, ...lines];
}

/** `h:mm:ss`, or `m:ss` below an hour. */
export function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
