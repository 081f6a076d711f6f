/**
 * coopertunes: train and play music models in one runtime.
 *
 * @example Compose half a minute of piano with the shipped weights
 * ```ts ignore
 * import { PerformanceRnn } from "./mod.ts";
 *
 * using rnn = await PerformanceRnn.load("pretrained");
 * const piece = await rnn.generate({ seconds: 30, key: "C:maj", density: 4, seed: 7 });
 * await Deno.writeFile("out.mid", piece.toMidi());
 * ```
 *
 * @module
 */
export * from "./hparams/mod.ts";
export * from "./datatools/mod.ts";
export * from "./models/mod.ts";
