/**
 * Measures the module on one thread of Node, whose WebAssembly is Chromium's:
 * `python -m web.build`, then `npm run speed --prefix web`. Prints milliseconds, as a Markdown table.
 */

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { PNG } from "pngjs";
import { load } from "./lapland/index.js";

const FRAMES = 120; // of each model, after as many that the engine optimises meanwhile
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

/** Calls `work` for each of so many frames: least and median duration, and the mean of the processor
 * time, which other programs of the machine change less. Milliseconds.
 * @param {number} count @param {(image: import("./lapland/index.js").Image, seconds: number) => Promise<unknown>} work */
async function timed(count, work) {
  const times = [];
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await work(frames[i % frames.length], start / 1000);
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  return [times[0], times[count >> 1], (user + system) / 1000 / count];
}

/** @param {string} model @param {string} name @param {number[]} times */
const row = (model, name, times) =>
  console.log(`| ${model} | ${name} | ${times.map((time) => time.toFixed(1)).join(" | ")} |`);

let start = performance.now();
const lapland = await load((file) => readFile(new URL(file, folder)));
const loading = performance.now() - start;
start = performance.now();
await lapland.detect(frames[0]);
const first = performance.now() - start;
const { user, system } = process.cpuUsage();
console.log(`Loading ${loading.toFixed(0)} ms, the first picture ${first.toFixed(0)} ms, the processor time`);
console.log(`of both ${((user + system) / 1000).toFixed(0)} ms.\n`);
console.log("| model | a picture of 640 x 480, one face | least, ms | median | processor time |");
console.log("| --- | --- | ---: | ---: | ---: |");
for (const { name } of lapland.models) {
  await lapland.use(name);
  lapland.reset();
  /** @type {Parameters<typeof timed>[1]} */
  const follow = (image, seconds) => lapland.track(image, seconds);
  await timed(FRAMES, follow);
  row(name, "followed", await timed(FRAMES, follow));
}
await timed(FRAMES >> 2, (image) => lapland.detect(image));
row(lapland.model.name, "found anew", await timed(FRAMES >> 2, (image) => lapland.detect(image)));
