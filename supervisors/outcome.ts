/** What a command is given to speak through, and what it hands back. @module */

/** Where a command writes what people read. */
export interface Terminal {
  /** A line of the result, on stdout. */
  print(line: string): void;
  /** A line about what is going on, on stderr; not with --quiet. */
  note(line: string): void;
  /** Whether stderr is a terminal that progress bars may redraw. */
  readonly interactive: boolean;
}

/** What a command has to say when it is done. */
export interface Outcome {
  /** 0 done, 1 failed, 130 stopped after saving; default 0. */
  readonly exitCode?: number;
  /** The result for people; not printed with --json or --quiet. */
  readonly text?: string;
  /** The result for programs, printed with --json. */
  readonly data?: unknown;
}
