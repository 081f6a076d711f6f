/** What a person does who wants a long command to end. @module */

/** Calls `stop` on SIGINT and SIGTERM, in place of ending at once, to the end of a `using` block. */
export function onStopSignal(stop: () => void): Disposable {
  const signals = Deno.build.os === "windows"
    ? ["SIGINT"] as const
    : ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) Deno.removeSignalListener(signal, stop);
    },
  };
}

/** Waits until signals that have come were heard. */
export async function letSignalsIn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}
