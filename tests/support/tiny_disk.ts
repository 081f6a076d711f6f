/**
 * A disk of some kilobytes, to see what happens when it is full: mounted in a name space of its own (`unshare`, Linux
 * alone), which ends with the process that was run on it.
 *
 * @module
 */

/** Why there is no such disk here, or undefined. */
export const noTinyDisk: string | undefined = await probe();

/**
 * Runs a TypeScript program on a tiny disk and returns all that it printed.
 *
 * @param folder Where the disk is mounted; the program may read everything and write there
 * @param kilobytes Its size
 * @param code The program; `import` takes absolute addresses
 */
export async function runOnTinyDisk(
  folder: string,
  kilobytes: number,
  code: string,
): Promise<string> {
  const program = `data:application/typescript,${encodeURIComponent(code)}`;
  const flags = ["--quiet", "--no-prompt", "--no-check", "--allow-read", `--allow-write=${folder}`];
  return await runMounted(folder, kilobytes, [Deno.execPath(), "run", ...flags, program]);
}

async function probe(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "needs Linux";
  const run = await Deno.permissions.query({ name: "run", command: Deno.execPath() });
  if (run.state !== "granted") return "needs --allow-run of Deno";
  const folder = await Deno.makeTempDir();
  try {
    const printed = await runMounted(folder, 64, ["echo", "mounted"]);
    return printed.trim() === "mounted" ? undefined : `cannot mount: ${printed.trim()}`;
  } finally {
    await Deno.remove(folder);
  }
}

/** Runs `command` with a disk in `folder`. This process may start Deno alone, so another one starts the rest. */
async function runMounted(folder: string, kilobytes: number, command: string[]): Promise<string> {
  const mount = `mount -t tmpfs -o size=${kilobytes}k none "$0" && exec "$@"`;
  const args = ["--map-root-user", "--mount", "sh", "-c", mount, folder, ...command];
  const starter = `const { stdout, stderr } = await new Deno.Command("unshare", { args: ${
    JSON.stringify(args)
  }, stdin: "null" }).output();
  Deno.stdout.writeSync(stdout);
  Deno.stdout.writeSync(stderr);`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-run=unshare",
      `data:application/typescript,${encodeURIComponent(starter)}`,
    ],
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}
