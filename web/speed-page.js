/**
 * Measures the page in headless Chromium while it follows the face of a made camera:
 * `python -m web.build`, then `npm run speed:page --prefix web [-- FOLDER MODEL ...]`. Linux alone.
 *
 * Frames a second hang on what else the machine does. So it prints, for each model, the processor
 * time of a frame by program and thread as well, and how long threads waited for a processor.
 * Chromium draws without a graphics card here, which costs time that other computers do not spend.
 * PROFILE=1 also prints the functions of the page in which it spends its time.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { open, said, serve } from "./tests/browser.js";

const FRAMES = Number(process.env.FRAMES ?? 150); // of each model, after a third as many that the engine optimises meanwhile
const LENGTH = 60; // frames of the video, which repeats; a face drifts through it
const [folder = fileURLToPath(new URL("../dist/web", import.meta.url)), ...wanted] = process.argv.slice(2);
const chromium = process.env.CHROMIUM ?? execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();

/** Makes the video in the browser: the example, moved. @param {string} address @param {string} file */
async function makeVideo(address, file) {
  const browser = await open(chromium);
  const page = await browser.newPage();
  await page.goto(`${address}models/index.json`); // a page of this server without a script
  const jpegs = await page.evaluate(async (source, count) => {
    const image = await createImageBitmap(await (await fetch(source)).blob());
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    return Array.from({ length: count }, (_, i) => {
      context.drawImage(image, 40 * Math.sin((2 * Math.PI * i) / count), 0);
      return canvas.toDataURL("image/jpeg", 0.9).split(",")[1];
    });
  }, `${address}example.jpg`, LENGTH);
  writeFileSync(file, Buffer.concat(jpegs.map((jpeg) => Buffer.from(jpeg, "base64"))));
  await browser.close();
}

/** A file of /proc, or nothing if its process has ended. @param {string} path */
function read(path) {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return "";
  }
}

/** Milliseconds that a process and those it started have run and waited, by program and thread.
 * @param {number} root */
function spent(root) {
  const parents = new Map(
    readdirSync("/proc").filter(Number).map((id) => [Number(id), Number(read(`${id}/stat`).split(") ")[1]?.split(" ")[1])]),
  );
  const times = /** @type {Map<string, [number, number]>} */ (new Map());
  for (const id of parents.keys()) {
    let above = /** @type {number | undefined} */ (id);
    while (above && above !== root) above = parents.get(above);
    if (!above) continue;
    const words = read(`${id}/cmdline`);
    const kind = (/--utility-sub-type=(\w+)/.exec(words) ?? /--type=([\w-]+)/.exec(words))?.[1] ?? "browser";
    for (const thread of readdirSync(`/proc/${id}/task`)) {
      const name = Number(thread) === id ? "main" : read(`${id}/task/${thread}/comm`).trim().replace(/\d+$|\/\d+$/, "");
      const [ran, waited] = read(`${id}/task/${thread}/schedstat`).split(" ").map((ns) => Number(ns) / 1e6);
      const key = kind === "renderer" ? `page, ${name}` : kind;
      const before = times.get(key) ?? [0, 0];
      times.set(key, [before[0] + (ran || 0), before[1] + (waited || 0)]);
    }
  }
  return times;
}

/** Waits for so many frames; returns how long they took, and the sum of their faces.
 * @param {import("puppeteer-core").Page} page @param {number} count */
function frames(page, count) {
  return page.evaluate(
    (wanted) =>
      new Promise((done) => {
        const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("picture"));
        let [seen, faces] = [0, 0];
        const watch = /** @type {any} */ (window).watch;
        const start = watch();
        canvas.addEventListener("faces", function take(event) {
          faces += /** @type {CustomEvent} */ (event).detail.faces.length;
          if (++seen < wanted) return;
          canvas.removeEventListener("faces", take);
          done({ seconds: (watch() - start) / 1000, faces });
        });
      }),
    count,
  );
}

/** Shares of the main thread's samples by function, the largest first.
 * @param {import("puppeteer-core").Protocol.Profiler.Profile} profile */
function shares({ nodes, samples = [] }) {
  const names = new Map(nodes.map(({ id, callFrame: { functionName, url } }) => [id, `${functionName || "(none)"} ${url.split("/").pop()}`]));
  const counts = /** @type {Map<string, number>} */ (new Map());
  for (const id of samples) {
    const name = names.get(id) ?? "";
    if (!name.startsWith("(idle)")) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const all = [...counts.values()].reduce((a, b) => a + b, 0);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 16).map(([name, n]) => `${name} ${((100 * n) / all).toFixed(0)} %`);
}

const temporary = mkdtempSync(join(tmpdir(), "lapland-"));
const { server, address } = await serve(folder);
try {
  const video = join(temporary, "camera.mjpeg");
  await makeVideo(address, video);
  const browser = await open(chromium, video);
  const root = /** @type {number} */ (browser.process()?.pid);
  const page = await browser.newPage();
  page.setDefaultTimeout(600_000);
  await page.setViewport({ width: 900, height: 1000 });
  // Its own clock goes 1/30 of a second a frame, so that it searches as often as if it were in time.
  await page.evaluateOnNewDocument(() => {
    const watch = performance.now.bind(performance);
    let frames = 0;
    Object.assign(window, { watch });
    performance.now = () => (1000 * frames) / 30;
    addEventListener("faces", () => frames++, true);
  });
  await page.goto(address);
  await said(page, "Ready");
  const names = await page.$$eval("#model option", (options) => options.map((option) => option.value));
  const profiler = await page.createCDPSession();
  await profiler.send("Profiler.enable");
  await page.click("#camera");
  for (const name of wanted.length ? wanted : names) {
    await page.select("#model", name);
    await frames(page, FRAMES / 3);
    const before = spent(root);
    if (process.env.PROFILE) await profiler.send("Profiler.start");
    const { seconds, faces } = /** @type {any} */ (await frames(page, FRAMES));
    const after = spent(root);
    console.log(`\n${name}: ${(FRAMES / seconds).toFixed(1)} frames a second, ${(faces / FRAMES).toFixed(2)} faces in each`);
    if (process.env.PROFILE) console.log(shares((await profiler.send("Profiler.stop")).profile).join("\n"));
    console.log("\n| | processor time of a frame, ms | waiting for a processor |\n| --- | ---: | ---: |");
    const rows = [...after].map(([key, [ran, waited]]) => {
      const [ranBefore, waitedBefore] = before.get(key) ?? [0, 0];
      return /** @type {[string, number, number]} */ ([key, (ran - ranBefore) / FRAMES, (waited - waitedBefore) / FRAMES]);
    });
    for (const [key, ran, waited] of rows.sort((a, b) => b[1] - a[1])) {
      if (ran >= 0.05) console.log(`| ${key} | ${ran.toFixed(2)} | ${waited.toFixed(1)} |`);
    }
  }
  await browser.close();
} finally {
  server.close();
  server.closeAllConnections();
  rmSync(temporary, { recursive: true });
}
