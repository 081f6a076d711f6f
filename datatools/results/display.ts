/** What notebooks show: https://jupyter-client.readthedocs.io, "display_data". @module */

/** Pictures and text of one result by MIME type; bytes are base64. */
export type MimeBundle = Record<string, string>;

/** The name of the method that the Deno kernel calls on a cell's last value. */
export const jupyterDisplay: unique symbol = Symbol.for("Jupyter.display");

/** A PNG inside HTML. */
export function pngTag(png: Uint8Array, alt: string): string {
  const source = `data:image/png;base64,${png.toBase64()}`;
  return `<img style="max-width:100%" alt="${escapeHtml(alt)}" src="${source}">`;
}

/** A player for a WAV file inside HTML. */
export function playerTag(wav: Uint8Array): string {
  return `<audio controls style="width:100%" src="data:audio/wav;base64,${wav.toBase64()}"></audio>`;
}

/** Text that means itself in HTML. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replaceAll(/[&<>"]/g, (character) => names[character]);
}
