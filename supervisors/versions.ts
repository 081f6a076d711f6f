/** What a run was made with, for its checkpoints: exact resume needs the same. @module */
import config from "../deno.json" with { type: "json" };
import { tf } from "../deps/tf.ts";
import type { BackendInfo } from "../models/device/mod.ts";

/** Versions and backend as text. */
export function runVersions(backend: BackendInfo): Record<string, string> {
  return {
    coopertunes: config.version,
    deno: Deno.version.deno,
    tfjs: tf.version_core,
    backend: backend.name,
    kernelBuild: backend.kernelBuild,
  };
}
