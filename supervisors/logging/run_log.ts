/** Everything that a run records of itself while it goes on: one object for the supervisor to call. @module */
import { runPaths } from "../../datatools/checkpoints/run_folder.ts";
import { makeDir } from "../../datatools/io.ts";
import { ConsoleLog } from "./console.ts";
import { MetricsLog, type StepFigures } from "./metrics.ts";
import { PaceMeter } from "./pace_meter.ts";
import { EventFileWriter } from "./tensorboard.ts";
import type { TextOutput } from "./text_output.ts";

/** What a log begins with. */
export interface RunLogOptions {
  /** The step at which the run is finished. */
  totalSteps: number;
  /** One line on the console, and one rate in TensorBoard, in so many steps. */
  stepsPerLog: number;
  /** The step of the checkpoint that the run goes on from; what was logged after it, or all without it, is dropped. */
  fromStep?: number;
  /** What {@linkcode RunLog.count} counts: `events` if not given. */
  unit?: string;
  /** The settings of the run, recorded as a table. */
  hparams?: Readonly<Record<string, unknown>>;
  /** Nothing on the console. */
  quiet?: boolean;
  /** One object of JSON a line on the output stream, instead of lines for people. */
  json?: boolean;
  /** Where to print instead of this process's own streams, for tests. */
  output?: TextOutput;
}

/** Writes `metrics.jsonl`, TensorBoard's event files and the console. `using` closes it. */
export class RunLog implements Disposable {
  readonly #options: RunLogOptions & { unit: string };
  readonly #metrics: MetricsLog;
  readonly #events: EventFileWriter;
  readonly #console: ConsoleLog;
  readonly #pace = new PaceMeter();

  private constructor(options: RunLogOptions, metrics: MetricsLog, events: EventFileWriter) {
    this.#options = { ...options, unit: options.unit ?? "events" };
    this.#metrics = metrics;
    this.#events = events;
    this.#console = new ConsoleLog(this.#options);
  }

  /**
   * Opens the logs of the run in `folder`, which is made if it is missing.
   *
   * @throws {IoError} If it may not be written
   */
  static async open(folder: string, options: RunLogOptions): Promise<RunLog> {
    const { fromStep = -1, hparams } = options;
    const { metrics, logs } = runPaths(folder);
    await makeDir(folder);
    const lines = await MetricsLog.open(metrics, { truncateAfterStep: fromStep });
    try {
      const events = await EventFileWriter.open(logs, { restartAt: fromStep + 1 });
      if (hparams) events.text("hparams", markdownTable(hparams), Math.max(0, fromStep));
      return new RunLog(options, lines, events);
    } catch (error) {
      lines.close();
      throw error;
    }
  }

  /** Adds units (events, frames) that were trained on, for the rate. */
  count(units: number): void {
    this.#pace.count(units);
  }

  /** Records the figures of a step everywhere. @throws {IoError} If the disk is full */
  step(figures: StepFigures): void {
    const { step, split, values } = figures;
    const { stepsPerLog, totalSteps, unit } = this.#options;
    this.#metrics.write(figures);
    const named = Object.entries(values).map(([name, value]) => [`${split}/${name}`, value]);
    const scalars: Record<string, number> = Object.fromEntries(named);
    if (split === "train" && (step % stepsPerLog === 0 || step === totalSteps)) {
      scalars[`speed/${unit}PerSecond`] = this.#pace.lap();
    }
    this.#events.scalars(scalars, step);
    this.#console.step(figures, { rate: this.#pace.rate, secondsLeft: this.#secondsLeft(step) });
  }

  /** Records a text in Markdown. */
  text(tag: string, markdown: string, step: number): void {
    this.#events.text(tag, markdown, step);
  }

  /** Records a picture. @param png A PNG file @throws {SyntaxError} If it is none */
  image(tag: string, png: Uint8Array, step: number): void {
    this.#events.image(tag, png, step);
  }

  /** Records a sound. @param wav A WAV file @throws {SyntaxError} If it is none */
  audio(tag: string, wav: Uint8Array, step: number): void {
    this.#events.audio(tag, wav, step);
  }

  /** Tells a person something, on the console alone. */
  note(message: string): void {
    this.#console.note(message);
  }

  /** Stops the clock of the rate, for validation, samples and checkpoints. */
  pause(): void {
    this.#pace.pause();
  }

  /** Starts the clock of the rate again. */
  resume(): void {
    this.#pace.resume();
  }

  /** Closes all files; closing twice is fine. */
  close(): void {
    this.#metrics.close();
    this.#events.close();
    this.#console.close();
  }

  /** Closes all files. */
  [Symbol.dispose](): void {
    this.close();
  }

  #secondsLeft(step: number): number {
    const { fromStep = 0, totalSteps } = this.#options;
    if (step <= fromStep) return Infinity;
    return this.#pace.activeSeconds / (step - fromStep) * (totalSteps - step);
  }
}

/** Names and values as a table in Markdown. */
export function markdownTable(values: Readonly<Record<string, unknown>>): string {
  const cell = (value: unknown) => {
    const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
    return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
  };
  const rows = Object.entries(values).map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`);
  return ["| name | value |", "| --- | --- |", ...rows].join("\n");
}
