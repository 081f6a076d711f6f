/** The imports of the project's own files, read from their text. @module */

/** The repository's folder, with a slash at its end. */
export const root: URL = new URL("../", import.meta.url);

const patterns = [
  /^(?:import|export)\b[^;"'`(]*?\bfrom\s*["']([^"']+)["']/gm, // import x from, export * from
  /^import\s*["']([^"']+)["']/gm, // import for its effects
  /\bimport\(\s*["']([^"']+)["']/g, // import()
];
const besides = /\bnew URL\(\s*["']([^"':]+\.[jt]s)["'],\s*import\.meta\.url/g; // workers

/** Blanks comments and programs in strings, so that they are not read as code of the file; line numbers stay. */
export function withoutComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/`\n[^`]*`/g, (program) => program.replace(/[^\n]/g, " "));
}

/** All specifiers that a file imports, statically or not. */
export function importsIn(source: string): string[] {
  const code = withoutComments(source);
  const named = patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]));
  const workers = [...code.matchAll(besides)].map(([, path]) =>
    path.startsWith(".") ? path : `./${path}`
  );
  return [...named, ...workers].filter((specifier) => !specifier.includes("${")); // a program in a string
}

/** Source files below a folder of the repository, as sorted paths from the root such as `models/nn/gru.ts`. */
export async function sourceFiles(folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder === "" ? "." : `${folder}/`, root))) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    const isHidden = entry.name.startsWith(".") || entry.name === "node_modules";
    if (entry.isDirectory && !isHidden) found.push(...await sourceFiles(path));
    else if (entry.isFile && /(?<!\.d)\.[jt]s$/.test(entry.name)) found.push(path);
  }
  return found.sort();
}

/** The path from the root that a relative specifier of `file` names, or undefined if it names a package. */
export function resolveImport(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return new URL(specifier, new URL(file, root)).href.slice(root.href.length);
}

/** Whether `file` imports `target`, itself or through others. */
export async function reaches(
  file: string,
  target: string,
  seen: Set<string> = new Set(),
): Promise<boolean> {
  if (file === target) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  const source = await Deno.readTextFile(new URL(file, root)).catch(() => "");
  for (const specifier of importsIn(source)) {
    const next = resolveImport(file, specifier);
    if (next !== undefined && await reaches(next, target, seen)) return true;
  }
  return false;
}
