/** A static server, and Chromium with a video as its camera: what the programs about the page share. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { launch } from "puppeteer-core";

const TYPES = /** @type {Record<string, string>} */ ({
  ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript",
  ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".json": "application/json", ".wasm": "application/wasm",
});
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];

/** Serves a folder. Any static server will do: no special headers. @param {string} folder */
export async function serve(folder) {
  const server = createServer(async (request, answer) => {
    const name = (request.url ?? "/").replace(/\?.*/, "").replace(/\/$/, "/index.html");
    try {
      const content = await readFile(join(folder, name));
      answer.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream" }).end(content);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", () => listening(null)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { server, address: `http://127.0.0.1:${port}/` };
}

/** @param {string} chromium the program @param {string} [video] its camera: JPEGs in a row
 * @param {string[]} [flags] more of them */
export function open(chromium, video, flags = []) {
  const camera = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${video}`,
  ];
  return launch({ executablePath: chromium, args: [...FLAGS, ...flags, ...(video ? camera : [])], protocolTimeout: 1_200_000 });
}

/** Waits for the line of results. @param {import("puppeteer-core").Page} page @param {string} text */
export const said = (page, text) =>
  page.waitForFunction((t) => document.getElementById("status")?.textContent?.includes(t), { polling: "mutation" }, text);
