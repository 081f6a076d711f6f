/** Where lines for people go. @module */

/** An output for text, which may be a terminal that a line can be redrawn on. */
export interface TextOutput {
  /** Whether a person watches: a line may be redrawn. */
  readonly live: boolean;
  /** Whether colour is wanted: a terminal, and no `NO_COLOR`. */
  readonly color: boolean;
  /** Characters in a line. */
  readonly columns: number;
  /** Puts out text as it is. */
  write(text: string): void;
}

/**
 * The output or error stream of this process. Once nobody reads it (a closed pipe), what is written is dropped:
 * a long run must not die of it.
 */
export function processOutput(stream: "stdout" | "stderr"): TextOutput {
  const output = Deno[stream];
  const live = output.isTerminal();
  const encoder = new TextEncoder();
  let open = true;
  return {
    live,
    color: live && !Deno.noColor,
    get columns(): number {
      return live && Deno.consoleSize().columns || 80; // some terminals say 0
    },
    write(text: string): void {
      const bytes = encoder.encode(text);
      try {
        for (let done = 0; open && done < bytes.length;) {
          done += output.writeSync(bytes.subarray(done));
        }
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        open = false;
      }
    },
  };
}

/** A line at the foot of a terminal that is drawn over; other lines pass above it. */
export class LiveLine {
  #shown = "";

  /** Draws nothing yet. @param output Where it will be drawn, if a person watches */
  constructor(readonly output: TextOutput) {}

  /** Draws `text` over what was there, cut to the width of the terminal. */
  draw(text: string): void {
    if (!this.output.live) return;
    const line = text.slice(0, Math.max(1, this.output.columns - 1));
    if (line === this.#shown) return;
    this.#shown = line;
    this.output.write(`\r\x1b[K${this.output.color ? `\x1b[36m${line}\x1b[0m` : line}`);
  }

  /** Prints a line that stays, above the drawn one. */
  print(text: string): void {
    const shown = this.#shown;
    this.#shown = "";
    this.output.write(`${shown ? "\r\x1b[K" : ""}${text}\n`);
    if (shown) this.draw(shown);
  }

  /** Leaves the line as it is and goes on below it. */
  keep(): void {
    if (this.#shown) this.output.write("\n");
    this.#shown = "";
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) this.output.write("\r\x1b[K");
    this.#shown = "";
  }
}
