/** The figures of a run, one line of JSON a step. @module */
import { type Appender, exists, openForAppend, readText, writeText } from "../../datatools/io.ts";

/** What a figure was measured on. */
export type Split = "train" | "valid";

/** The figures of one step. */
export interface StepFigures {
  /** Updates done. */
  readonly step: number;
  /** What they were measured on. */
  readonly split: Split;
  /** By name; `loss` is the one that is minimized. */
  readonly values: Readonly<Record<string, number>>;
}

/**
 * Adds lines like `{"step":12,"split":"train","loss":3.25}` to a file. JSON has no word for what is not finite: these are
 * the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, which {@linkcode readMetrics} turns back. `using` closes it.
 */
export class MetricsLog implements Disposable {
  readonly #file: Appender;
  readonly #encoder = new TextEncoder();

  private constructor(path: string) {
    this.#file = openForAppend(path);
  }

  /**
   * Opens `path` for adding lines. What a resumed run will write again is cut first: lines of later steps than its
   * checkpoint, and lines that are not whole (the last one of a killed run).
   *
   * @param options `truncateAfterStep`: the step of the checkpoint; without it only broken lines are cut
   * @throws {IoError} If it may not be written
   */
  static async open(
    path: string,
    options: { truncateAfterStep?: number } = {},
  ): Promise<MetricsLog> {
    const { truncateAfterStep = Infinity } = options;
    if (await exists(path)) {
      const before = await readText(path);
      const kept = before.split(/(?<=\n)/).filter((line) => {
        const row = line.endsWith("\n") ? parseRow(line) : undefined;
        return row !== undefined && row.step <= truncateAfterStep;
      }).join("");
      if (kept !== before) await writeText(path, kept);
    }
    return new MetricsLog(path);
  }

  /** Adds one line. @throws {IoError} If the disk is full */
  write({ step, split, values }: StepFigures): void {
    const numbers = Object.entries(values).map(([name, value]) => [
      name,
      Number.isFinite(value) ? value : String(value),
    ]);
    const line = JSON.stringify({ step, split, ...Object.fromEntries(numbers) });
    this.#file.write(this.#encoder.encode(`${line}\n`));
  }

  /** Waits until the disk has every line. */
  sync(): void {
    this.#file.sync();
  }

  /** Closes the file; closing twice is fine. */
  close(): void {
    this.#file.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Reads the figures of a run, in the order of the file; a torn last line is left out.
 *
 * @throws {IoError} If there is no such file
 */
export async function readMetrics(path: string): Promise<StepFigures[]> {
  return (await readText(path)).split("\n").flatMap((line) => parseRow(line) ?? []);
}

function parseRow(line: string): StepFigures | undefined {
  let row: Record<string, unknown> | null;
  try {
    row = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { step, split, ...rest } = row ?? {};
  if (!Number.isSafeInteger(step) || (split !== "train" && split !== "valid")) return undefined;
  const values = Object.entries(rest).map(([name, value]) => [name, Number(value)]);
  return { step: step as number, split, values: Object.fromEntries(values) };
}
