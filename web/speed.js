/**
 * Measures the module on one thread of Node, whose WebAssembly is Chromium's:
 * `python -m web.build`, then `npm run speed --prefix web`. Prints milliseconds, as a Markdown table.
 */

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { PNG } from "pngjs";
import { load } from "./lapland/index.js";

const FRAMES = 300; // of each model; as many before them, while the engine still optimises
const folder = new URL("../dist/web/models/", import.meta.url);
const photo = PNG.sync.read(readFileSync(new URL("../examples/astronaut.png", import.meta.url)));

/** The astronaut in a picture of 640 x 480, so many pixels from the left. @param {number} left */
function frame(left) {
  const [width, height] = [640, 480];
  const data = new Uint8Array(4 * width * height).fill(128);
  for (let y = 0; y < height; y++) {
    const from = 4 * y * photo.width;
    data.set(photo.data.subarray(from, from + 4 * photo.width), 4 * (y * width + left));
  }
  return { data, width, height };
}

const frames = Array.from({ length: 60 }, (_, i) => frame(Math.round(60 + 50 * Math.sin((2 * Math.PI * i) / 60))));

/** Minimum, median and 95th percentile. @param {number[]} times */
function summary(times) {
  const sorted = times.sort((a, b) => a - b);
  return [0, 0.5, 0.95].map((share) => sorted[Math.floor(share * (sorted.length - 1))].toFixed(1)).join(" | ");
}

/** @param {number} count @param {(image: import("./lapland/index.js").Image, seconds: number) => Promise<unknown>} work */
async function timed(count, work) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await work(frames[i % frames.length], start / 1000);
    times.push(performance.now() - start);
  }
  return times;
}

let start = performance.now();
const lapland = await load((file) => readFile(new URL(file, folder)));
const loading = performance.now() - start;
const [first] = await timed(1, (image) => lapland.detect(image));
console.log(`Loading ${loading.toFixed(0)} ms, the first picture ${first.toFixed(0)} ms.\n`);
console.log("| model | a picture of 640 x 480, one face | least, ms | median | p95 |");
console.log("| --- | --- | ---: | ---: | ---: |");
for (const { name } of lapland.models) {
  await lapland.use(name);
  lapland.reset();
  await timed(FRAMES, (image, seconds) => lapland.track(image, seconds));
  const times = await timed(FRAMES, (image, seconds) => lapland.track(image, seconds));
  console.log(`| ${name} | followed (one search in two seconds) | ${summary(times)} |`);
}
await timed(20, (image) => lapland.detect(image));
console.log(`| | found anew | ${summary(await timed(30, (image) => lapland.detect(image)))} |`);
