/** Runs the command line in a process of its own, with the permissions that a test names. @module */

/** What a process left behind. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a process is started. */
export interface RunOptions {
  readonly cwd?: string | URL;
  readonly env?: Record<string, string>;
}

/** The command line's file. */
export const cliPath: string = new URL("../../cli.ts", import.meta.url).pathname;

/** Starts Deno with `args`, to be waited for or stopped. */
export function startDeno(args: readonly string[], options: RunOptions = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: options.cwd,
    env: { NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for a process and reads what it wrote. */
export async function finish(child: Deno.ChildProcess): Promise<Finished> {
  const { code, stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/** Runs Deno with `args`. */
export async function runDeno(args: readonly string[], options?: RunOptions): Promise<Finished> {
  return await finish(startDeno(args, options));
}

/** Runs `coopertunes` with `words`, and no permission but `permissions`. */
export async function runCli(
  words: readonly string[],
  permissions: readonly string[] = [],
  options?: RunOptions,
): Promise<Finished> {
  const flags = ["run", "--quiet", "--no-check", "--no-prompt"];
  return await runDeno([...flags, ...permissions, cliPath, ...words], options);
}

/** The arguments of Deno that the help of a command prints, with `folders` in place of its upper-case names. */
export async function printedLine(
  command: string,
  folders: Record<string, string>,
): Promise<string[]> {
  const { stdout } = await runCli([command, "--help"]);
  const line = stdout.split("\n").find((text) => text.trim().startsWith("deno run --no-prompt"));
  if (line === undefined) throw new Error(`no line to start Deno with in: ${stdout}`);
  const names = new RegExp(`\\b(${Object.keys(folders).join("|")})\\b`, "g");
  const words = line.trim().split(" ").slice(1);
  return words.map((word) => word.replaceAll(names, (name) => folders[name]));
}

/** Runs such a line, with `more` behind it. */
export function run(line: readonly string[], more: readonly string[] = []): Promise<Finished> {
  return runDeno([line[0], "--quiet", "--no-check", ...line.slice(1), ...more]);
}
