/** Compares what the specs gave with the failures that are accepted. @module */

/** One spec. */
export interface SpecResult {
  /** The module that holds it, such as `ops/add_test`. */
  readonly module: string;
  /** Its full name. */
  readonly spec: string;
  /** Why it failed, one message for each expectation; none when it passed. */
  readonly failures: readonly string[];
}

/** Failures that are accepted for one reason. */
export interface AcceptedGroup {
  readonly reason: string;
  /** The backends that it holds for. */
  readonly backends: readonly string[];
  /** Kernels that the backend does not have: specs that fail for the want of one are accepted. */
  readonly kernels?: readonly string[];
  /** Names of specs by module. */
  readonly specs?: Readonly<Record<string, readonly string[]>>;
}

/** The results sorted out. */
export interface Verdict {
  readonly passed: number;
  readonly failed: readonly SpecResult[];
  readonly accepted: readonly SpecResult[];
  /** What is accepted and did not fail: names of kernels, or of modules and specs. */
  readonly stale: readonly string[];
}

const nameOf = (module: string, spec: string): string => `${module}: ${spec}`;

/** The kernel for the want of which a spec failed, if that is all that went wrong. */
function missingKernel({ failures }: SpecResult): string | undefined {
  const names = failures.map((text) => text.match(/Kernel '(\w+)' not registered/)?.[1]);
  return names.every((name) => name === names[0]) ? names[0] : undefined;
}

/** All that groups accept on one backend: kernels as they are called, specs with their modules. */
function acceptedNames(groups: readonly AcceptedGroup[], backend: string): Set<string> {
  const names = new Set<string>();
  for (const { backends, kernels = [], specs = {} } of groups) {
    if (!backends.includes(backend)) continue;
    for (const kernel of kernels) names.add(kernel);
    for (const [module, list] of Object.entries(specs)) {
      for (const spec of list) names.add(nameOf(module, spec));
    }
  }
  return names;
}

/**
 * Tells new failures from accepted ones, and finds what is accepted without need.
 *
 * @param modules the modules that ran: what is accepted of others is left alone, and missing kernels count as stale only
 * where `all` of the modules ran
 */
export function judge(
  results: readonly SpecResult[],
  groups: readonly AcceptedGroup[],
  { backend, modules, all }: { backend: string; modules: readonly string[]; all: boolean },
): Verdict {
  const names = acceptedNames(groups, backend), used = new Set<string>();
  const failed: SpecResult[] = [], accepted: SpecResult[] = [];
  for (const result of results) {
    if (result.failures.length === 0) continue;
    const own = nameOf(result.module, result.spec);
    const name = names.has(own) ? own : missingKernel(result);
    if (name !== undefined && names.has(name)) {
      used.add(name);
      accepted.push(result);
    } else failed.push(result);
  }
  const ran = new Set(modules);
  const stale = [...names].filter((name) => {
    const [module, spec] = name.split(": ", 2);
    return !used.has(name) && (spec === undefined ? all : ran.has(module));
  });
  const passed = results.filter(({ failures }) => failures.length === 0).length;
  return { passed, failed, accepted, stale };
}
