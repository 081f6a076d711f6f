/** `mod.ts` over http, from another folder, with no import map: what a notebook does. */
import { assert, assertEquals } from "./support/assert.ts";
import { testFolder } from "./support/midi_fixtures.ts";

const root = new URL("../", import.meta.url).pathname;

/** Serves the project's files, and records what was asked for. */
function serveProject(): { server: Deno.HttpServer; address: string; asked: string[] } {
  const asked: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      const type = pathname.endsWith(".ts")
        ? "application/typescript"
        : pathname.endsWith(".js")
        ? "text/javascript"
        : pathname.endsWith(".json")
        ? "application/json"
        : "application/octet-stream";
      try {
        const body = await Deno.readFile(root + pathname.slice(1));
        return new Response(body, { headers: { "content-type": type } });
      } catch {
        return new Response("no such file", { status: 404 });
      }
    },
  );
  const { port } = server.addr as Deno.NetAddr;
  return { server, address: `127.0.0.1:${port}`, asked };
}

const program = (address: string) => `
import { openBackend, PerformanceRnn, performanceRnnSchema } from "http://${address}/mod.ts";
await openBackend("wasm");
const hparams = performanceRnnSchema.parse({ hiddenDim: 8, gruLayers: 1, initDim: 2 });
using rnn = new PerformanceRnn(hparams).initialize(1);
const piece = await rnn.generate({ steps: 40, seed: 1 });
const shown = await piece[Symbol.for("Jupyter.display")]();
console.log(JSON.stringify({ midi: piece.toMidi().length, shown: Object.keys(shown) }));
`;

Deno.test("mod.ts works when it is imported over http from another folder without an import map", async () => {
  await using folder = await testFolder();
  const { server, address, asked } = serveProject();
  await Deno.writeTextFile(`${folder.path}/program.ts`, program(address));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-check",
      "--no-lock",
      `--reload=http://${address}`,
      `--allow-import=${address}`,
      `--allow-net=${address}`,
      "program.ts",
    ],
    cwd: folder.path,
    stdin: "null",
  }).output();
  await server.shutdown();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const result = JSON.parse(new TextDecoder().decode(stdout));
  assert(result.midi > 40);
  assertEquals(result.shown.sort(), ["image/png", "text/html", "text/plain"]);
  assert(
    asked.includes("/assets/piano.sf2"),
    "the player's SoundFont is fetched from where mod.ts came",
  );
});
