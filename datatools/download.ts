/** Fetches the data sets that this project knows, politely, and can be run again to continue. @module */
import { downloadArchive } from "./download_archive.ts";
import { downloadSite } from "./download_site.ts";
import {
  type DownloadName,
  type DownloadOptions,
  type DownloadReport,
  downloadSources,
} from "./download_source.ts";

export { HASH_LIST } from "./download_hashes.ts";
export { hrefsOf, localName } from "./download_site.ts";
export * from "./download_source.ts";

/**
 * Downloads a data set into a folder: one request at a time, with a pause between them. What is there and
 * whole (by the hash list) is not asked for again; an interrupted run is continued by running it again. Of a
 * site, a single file that cannot be had is named in the report and does not stop the rest; an archive is
 * unpacked when its hash is right, and then removed. Only music or sound, the texts beside it, the hash list
 * and unfinished files are written, all below `out`.
 *
 * @throws {RangeError} If the name is unknown
 * @throws {IoError} If the site cannot be reached or has no files, an archive has another hash, a limit is
 *   exceeded, or `out` cannot be written
 * @example
 * ```ts ignore
 * const { files, licence } = await downloadDataset("classic-piano", { out: "midi" });
 * console.log(files, "files;", licence);
 * ```
 */
export async function downloadDataset(
  name: DownloadName,
  options: DownloadOptions,
): Promise<DownloadReport> {
  const source = downloadSources[name];
  if (!source) {
    const known = Object.keys(downloadSources).join(", ");
    throw new RangeError(`There is no data set "${name}" to download; known are: ${known}`);
  }
  if ("index" in source) return await downloadSite(name, source, options);
  return await downloadArchive(name, source, options);
}
