import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { ConsoleLog, ProgressBar } from "../../../supervisors/logging/console.ts";
import { formatNumber, formatSeconds } from "../../../supervisors/logging/figures.ts";
import type { TextOutput } from "../../../supervisors/logging/text_output.ts";

/** An output that keeps what was written. */
function recorder(
  options: Partial<TextOutput> = {},
): TextOutput & { written: string[]; take(): string } {
  const written: string[] = [];
  return {
    live: false,
    color: false,
    columns: 80,
    write: (text) => written.push(text),
    ...options,
    written,
    take: () => written.splice(0).join(""),
  };
}

const clear = "\r\x1b[K";
const pace = { rate: 5120.4, secondsLeft: 725 };
const train = (step: number, loss = 3.25) => ({
  step,
  split: "train" as const,
  values: { loss, gradientNorm: 0.5, learningRate: 1e-3 },
});
const valid = { step: 20, split: "valid" as const, values: { loss: 2.5, nllPerNote: 7 } };

Deno.test("ConsoleLog prints a plain line every so many steps where no person watches", () => {
  const output = recorder();
  const log = new ConsoleLog({ totalSteps: 25, stepsPerLog: 10, unit: "events", output });
  for (let step = 1; step <= 25; step++) log.step(train(step), pace);
  log.step(valid, pace);
  log.note("a note");
  log.close();
  const line = (step: number) =>
    `step ${step}/25  loss 3.250  lr 0.001000  gradientNorm 0.5000  5120 events/s  12 min left\n`;
  const expected = line(10) + line(20) + line(25) +
    "valid 20/25  loss 2.500  nllPerNote 7\na note\n";
  deepEqual(output.take(), expected);
});

Deno.test("ConsoleLog draws over one line on a terminal, ten times a second at most", () => {
  let time = 0;
  const output = recorder({ live: true, columns: 24 });
  const options = { totalSteps: 99, stepsPerLog: 10, unit: "events", output, now: () => time };
  const log = new ConsoleLog(options);
  log.step(train(1), pace);
  deepEqual(output.take(), `${clear}step 1/99  loss 3.250  `);
  time = 99;
  log.step(train(2), pace);
  deepEqual(output.take(), "");
  time = 100;
  log.step(train(3), pace);
  deepEqual(output.take(), `${clear}step 3/99  loss 3.250  `);
  log.step(valid, pace);
  ok(output.take().startsWith(`${clear}valid 20/99  loss 2.500  nllPerNote 7\n${clear}step 3/99`));
  log.step(train(99, 1), pace); // the last one is always drawn
  deepEqual(output.take(), `${clear}step 99/99  loss 1  lr 0.0`.slice(0, 3 + 1 + 23));
  log.close();
  deepEqual(output.take(), "\n");
  log.close();
  deepEqual(output.take(), "");
});

Deno.test("ConsoleLog uses colour only where the output wants it", () => {
  for (const color of [true, false]) {
    const output = recorder({ live: true, color });
    const log = new ConsoleLog({ totalSteps: 9, stepsPerLog: 1, unit: "events", output });
    log.step(train(1), pace);
    deepEqual(output.take().includes("\x1b[36m"), color);
  }
});

Deno.test("ConsoleLog in json mode prints objects, in quiet mode nothing", () => {
  const output = recorder();
  const options = { totalSteps: 25, stepsPerLog: 10, unit: "events", output };
  const log = new ConsoleLog({ ...options, json: true });
  log.step(train(9), pace);
  log.step(train(10), pace);
  log.step(valid, { rate: 1, secondsLeft: Infinity });
  deepEqual(output.take().trim().split("\n").map((line) => JSON.parse(line)), [
    { step: 10, split: "train", ...train(10).values, eventsPerSecond: 5120.4, secondsLeft: 725 },
    { step: 20, split: "valid", ...valid.values, eventsPerSecond: 1 },
  ]);
  const quiet = new ConsoleLog({ ...options, quiet: true });
  quiet.step(train(10), pace);
  quiet.note("a note");
  quiet.close();
  deepEqual(output.take(), "");
});

Deno.test("ProgressBar shows part, count and time left on a terminal", () => {
  let time = 0;
  const output = recorder({ live: true });
  {
    using bar = new ProgressBar({ label: "prepare", output, now: () => time });
    time = 1000;
    bar.update(25, 100);
    deepEqual(output.take(), `${clear}prepare  [######------------------]  25 %  25/100  3 s left`);
    bar.update(26, 100);
    deepEqual(output.take(), "");
    bar.note("one is broken");
    ok(output.take().startsWith(`${clear}one is broken\n${clear}prepare  [######`));
    bar.update(100, 100);
    deepEqual(output.take(), `${clear}prepare  [########################] 100 %  100/100`);
  }
  deepEqual(output.take(), clear);
});

Deno.test("ProgressBar counts where the whole is unknown and is silent where no person watches", () => {
  const output = recorder({ live: true });
  new ProgressBar({ label: "fetch", output }).update(7);
  deepEqual(output.take(), `${clear}fetch  7`);
  new ProgressBar({ label: "vocode", output }).update(7, 0, "frames, 1 s");
  deepEqual(output.take(), `${clear}vocode  7 frames, 1 s`);
  const pipe = recorder();
  using bar = new ProgressBar({ label: "fetch", total: 2, output: pipe });
  bar.update(1);
  bar.update(2);
  bar.end();
  deepEqual(pipe.take(), "");
});

Deno.test("formatNumber() and formatSeconds() are short", () => {
  const numbers = [0, 12, -3, 3.14159, 123.456, 1e-4, 0.001, 1234567, 1.5e9, NaN, Infinity];
  deepEqual(
    numbers.map(formatNumber),
    ["0", "12", "-3", "3.142", "123.5", "1.000e-4", "0.001000", "1.235e+6", "1.500e+9", "NaN"]
      .concat("Infinity"),
  );
  const seconds = [0.4, 99, 100, 5970, 12000, 172740, 183600, -5, Infinity];
  const words = ["0 s", "99 s", "2 min", "3 h 20 min", "47 h 59 min", "2 d 3 h", "0 s", "unknown"];
  deepEqual(seconds.map(formatSeconds), [...words.slice(0, 3), "1 h 40 min", ...words.slice(3)]);
});
