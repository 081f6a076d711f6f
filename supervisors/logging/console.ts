/** What a person sees of a run while it goes on. @module */
import { formatNumber, formatSeconds } from "./figures.ts";
import type { StepFigures } from "./metrics.ts";
import { LiveLine, processOutput, type TextOutput } from "./text_output.ts";

/** What is shown, and where: a live line on a terminal, plain lines elsewhere, on the error stream. */
export interface ConsoleOptions {
  /** Nothing is shown. */
  quiet?: boolean;
  /** One object of JSON a line, on the output stream, for programs. */
  json?: boolean;
  /** The step at which the run is finished. */
  totalSteps: number;
  /** Without a terminal, one line in so many steps. */
  stepsPerLog: number;
  /** What the rate counts: `events`, `frames`. */
  unit: string;
  /** Where to write instead of this process's own streams, for tests. */
  output?: TextOutput;
  /** Milliseconds, for tests. */
  now?: () => number;
}

/** How fast a run is. */
export interface Pace {
  /** Units a second. */
  readonly rate: number;
  /** Seconds to the end of the run. */
  readonly secondsLeft: number;
}

const millisecondsPerDraw = 100;

/** Shows the figures of a run, its rate and the time left. */
export class ConsoleLog {
  readonly #options: ConsoleOptions;
  readonly #line: LiveLine;
  readonly #notes: LiveLine;
  readonly #now: () => number;
  #drawn = -Infinity;

  /** Shows nothing yet. */
  constructor(options: ConsoleOptions) {
    this.#options = options;
    const { json, output } = options;
    this.#line = new LiveLine(output ?? processOutput(json ? "stdout" : "stderr"));
    this.#notes = json ? new LiveLine(output ?? processOutput("stderr")) : this.#line;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Shows a step if it is its turn. */
  step(figures: StepFigures, pace: Pace): void {
    const { quiet, json, stepsPerLog, totalSteps, unit } = this.#options;
    const { step, split, values } = figures;
    if (quiet) return;
    const due = split === "valid" || step % stepsPerLog === 0 || step === totalSteps;
    if (json) {
      const row = { step, split, ...values, [`${unit}PerSecond`]: pace.rate, ...secondsLeft(pace) };
      if (due) this.#line.output.write(`${JSON.stringify(row)}\n`);
      return;
    }
    const text = this.#text(figures, pace);
    if (split === "valid" || (due && !this.#line.output.live)) this.#line.print(text);
    else if (step === totalSteps || this.#now() - this.#drawn >= millisecondsPerDraw) {
      this.#drawn = this.#now();
      this.#line.draw(text);
    }
  }

  /** Tells something that happened; nothing if quiet. */
  note(message: string): void {
    if (!this.#options.quiet) this.#notes.print(message);
  }

  /** Ends the live line, which stays with its last text. */
  close(): void {
    this.#line.keep();
  }

  #text({ step, split, values }: StepFigures, { rate, secondsLeft }: Pace): string {
    const { totalSteps, unit } = this.#options;
    const { loss, learningRate, ...rest } = values;
    const parts = [`${split === "valid" ? "valid" : "step"} ${step}/${totalSteps}`];
    if (loss !== undefined) parts.push(`loss ${formatNumber(loss)}`);
    if (learningRate !== undefined) parts.push(`lr ${formatNumber(learningRate)}`);
    for (const [name, value] of Object.entries(rest)) parts.push(`${name} ${formatNumber(value)}`);
    if (split === "train") {
      if (rate > 0) parts.push(`${formatNumber(Math.round(rate))} ${unit}/s`);
      parts.push(`${formatSeconds(secondsLeft)} left`);
    }
    return parts.join("  ");
  }
}

/** What a {@linkcode ProgressBar} counts, and where it is drawn. */
export interface ProgressOptions {
  /** What is done: `prepare`, `download`. */
  label: string;
  /** How much there is to do; 0 if that is unknown. */
  total?: number;
  /** Where to draw instead of the error stream, for tests. */
  output?: TextOutput;
  /** Milliseconds, for tests. */
  now?: () => number;
}

/** A bar for work that is counted: drawn on a terminal alone, nothing is printed elsewhere. `using` ends it. */
export class ProgressBar implements Disposable {
  readonly #options: ProgressOptions;
  readonly #line: LiveLine;
  readonly #now: () => number;
  readonly #begun: number;
  #drawn = -Infinity;

  /** Draws nothing before the first {@linkcode ProgressBar.update}. */
  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#line = new LiveLine(options.output ?? processOutput("stderr"));
    this.#now = options.now ?? (() => performance.now());
    this.#begun = this.#now();
  }

  /** Shows that `done` of `total` is done, and `note` behind it; ten times a second at most. */
  update(done: number, total: number = this.#options.total ?? 0, note = ""): void {
    const now = this.#now();
    if (done < total && now - this.#drawn < millisecondsPerDraw) return;
    this.#drawn = now;
    const { label } = this.#options;
    const behind = note === "" ? "" : ` ${note}`;
    if (total <= 0) return this.#line.draw(`${label}  ${done}${behind}`);
    const part = Math.min(1, done / total);
    const left = part > 0 ? (now - this.#begun) / 1000 * (1 / part - 1) : Infinity;
    const bar = "#".repeat(Math.round(part * 24)).padEnd(24, "-");
    const percent = String(Math.floor(part * 100)).padStart(3);
    const time = Number.isFinite(left) && part < 1 ? `  ${formatSeconds(left)} left` : "";
    this.#line.draw(`${label}  [${bar}] ${percent} %  ${done}/${total}${behind}${time}`);
  }

  /** Prints a line above the bar, wherever the error stream goes. */
  note(message: string): void {
    this.#line.print(message);
  }

  /** Takes the bar away. */
  end(): void {
    this.#line.clear();
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    this.end();
  }
}

function secondsLeft({ secondsLeft }: Pace): { secondsLeft?: number } {
  return Number.isFinite(secondsLeft) ? { secondsLeft } : {};
}
