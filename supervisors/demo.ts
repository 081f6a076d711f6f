/** `demo`: what the shipped checkpoint composes, in one command. @module */
import type { BackendChoice } from "../models/device/mod.ts";
import { PerformanceRnn } from "../models/performance_rnn.ts";
import { wouldWrite, writePieces } from "./generate.ts";
import { ProgressBar } from "./logging/console.ts";
import type { Outcome, Terminal } from "./outcome.ts";

/** The flags of `demo`. */
export interface DemoFlags {
  readonly out: string;
  readonly seed?: number;
  readonly backend?: BackendChoice;
  readonly threads?: number;
  readonly dryRun?: boolean;
}

/** How the demo is steered: half a minute of lively music around C major. */
const demoOptions = { seconds: 30, key: "C:maj", density: 5, temperature: 0.95 } as const;

/** Composes 30 s and writes `demo.mid`, `demo.wav` and `demo.png`. */
export async function demo(flags: DemoFlags, terminal: Terminal): Promise<Outcome> {
  const stems = [`${flags.out}/demo`];
  if (flags.dryRun) return wouldWrite(stems);
  using rnn = await PerformanceRnn.load("pretrained", flags);
  using bar = terminal.interactive ? new ProgressBar({ label: "Composing" }) : undefined;
  const piece = await rnn.generate({
    ...demoOptions,
    seed: flags.seed,
    onProgress: (done) => bar?.update(Math.round(100 * done), 100),
  });
  const files = await writePieces([piece], stems, flags, terminal);
  const text = `${piece.notes.length} notes, ${piece.seconds.toFixed(1)} s:\n${files.join("\n")}`;
  return { text, data: { files, notes: piece.notes.length, seconds: piece.seconds } };
}
