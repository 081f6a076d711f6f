/** What `evaluate` is given for every model. @module */
import { MANIFEST_FILE } from "../../datatools/datasets/set_manifest.ts";
import { exists, pathKind } from "../../datatools/io.ts";
import type { ModelId } from "../../hparams/registry.ts";
import type { BackendChoice } from "../../models/device/mod.ts";

/** The flags of `evaluate` that every model has. */
export interface EvaluateFlags<M extends ModelId> {
  readonly model: M;
  readonly checkpoint: string;
  readonly data: string;
  /** Where a raw folder is prepared; in the run whose checkpoint is measured if not given. */
  readonly cache?: string;
  readonly out?: string;
  readonly seed?: number;
  readonly backend?: BackendChoice;
  readonly threads?: number;
}

/** Where the data is and where a raw folder is prepared. @throws {Error} If there is no place for it */
export async function dataPlace(
  { data, cache, checkpoint }: EvaluateFlags<ModelId>,
): Promise<{ data: string; cache: string }> {
  if (cache !== undefined) return { data, cache };
  const isRun = checkpoint !== "pretrained" && !/^https?:/.test(checkpoint) &&
    await pathKind(checkpoint) === "directory";
  if (isRun) return { data, cache: `${checkpoint}/evaluation-data` };
  if (await exists(`${data}/${MANIFEST_FILE}`)) return { data, cache: data };
  throw new Error(
    `Cannot prepare "${data}": "${checkpoint}" is no run folder to keep the prepared set in; add --cache DIR`,
  );
}

/** The error for a set without pieces to measure. */
export function nothingUnseen(data: string): Error {
  return new Error(
    `Cannot evaluate on "${data}": no piece is kept for validation; prepare it with --valid-fraction above 0`,
  );
}
