/** Which graphics adapter WebGPU would use. @module */

/** A graphics adapter as WebGPU describes it. */
export interface AdapterInfo {
  /** What it is called, for people. */
  readonly name: string;
  /** Whether the processor plays its part. */
  readonly software: boolean;
}

interface Gpu {
  requestAdapter(options: { powerPreference: string }): Promise<
    {
      info: { description: string; vendor: string; device: string; isFallbackAdapter?: boolean };
    } | null
  >;
}

const softwareNames = /llvmpipe|swiftshader|lavapipe|softpipe|basic render/i;

/** The adapter that WebGPU would use, or undefined where there is none. */
export async function findAdapter(): Promise<AdapterInfo | undefined> {
  const { gpu } = navigator as unknown as { gpu?: Gpu };
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return undefined;
  const { description, vendor, device, isFallbackAdapter } = adapter.info;
  const name = description || [vendor, device].filter(Boolean).join(" ") || "unnamed adapter";
  return { name, software: isFallbackAdapter === true || softwareNames.test(name) };
}
