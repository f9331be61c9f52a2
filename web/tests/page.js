/**
 * Uses the page as a person would, in Chromium with a made video as its camera, and writes what it
 * saw: `node page.js FOLDER CHROMIUM VIDEO.mjpeg LARGE WRONG OUT`, LARGE a photo and WRONG none.
 * tests/web/test_page.py reads it.
 */

import { writeFileSync } from "node:fs";
import { open, said, serve } from "./browser.js";

const [folder, chromium, video, large, wrong, out] = process.argv.slice(2);
const FRAMES = 6; // of the camera, each second one
const FLAGS = ["--js-flags=--liftoff-only"]; // to compile WebAssembly well takes longer than to run it here
/** @type {Record<string, any>} */
const report = { requests: [], messages: [] };

const { server, address } = await serve(folder);
report.address = address;

/** @param {import("puppeteer-core").Browser} browser */
async function newPage(browser, width = 900, height = 1000) {
  const page = await browser.newPage();
  page.setDefaultTimeout(240_000);
  await page.setViewport({ width, height });
  page.on("request", (request) => report.requests.push(request.url()));
  page.on("console", (message) => report.messages.push(message.text()));
  page.on("pageerror", (error) => report.messages.push(String(error)));
  return page;
}

/** @param {import("puppeteer-core").Page} page */
async function failed(page) {
  await page.waitForSelector("#error:not([hidden])");
  return page.$eval("#error", (line) => line.textContent);
}

/** Collects pictures and faces, of every second frame of the camera.
 * @param {import("puppeteer-core").Page} page @param {number} count @param {string} [button] pressed first
 */
function collect(page, count, button) {
  return page.evaluate(
    (wanted, id) =>
      new Promise((done) => {
        const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("picture"));
        const found = /** @type {any[]} */ ([]);
        let number = 0;
        canvas.addEventListener("faces", function take(event) {
          const { image, faces } = /** @type {CustomEvent} */ (event).detail;
          if (wanted > 1 && number++ % 2) return;
          const copy = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
          copy.getContext("2d")?.putImageData(image, 0, 0);
          found.push({
            png: copy.toDataURL("image/png").split(",")[1],
            faces: faces.map((/** @type {any} */ face) => ({ ...face, radius: face.radius(0.9) })),
          });
          if (found.length < wanted) return;
          canvas.removeEventListener("faces", take);
          done(found);
        });
        if (id) document.getElementById(id)?.click();
      }),
    count,
    button,
  );
}

/** Only for a person to look at. @param {import("puppeteer-core").Page} page @param {string} name */
async function picture(page, name) {
  if (process.env.LAPLAND_SHOTS) await page.screenshot({ path: `${out}/${name}.png`, fullPage: true });
}

/** @param {import("puppeteer-core").Page} page */
const text = (page, selector = "body") => page.$eval(selector, (part) => /** @type {HTMLElement} */ (part).innerText);

async function withCamera() {
  const browser = await open(chromium, video, FLAGS);
  const page = await newPage(browser);
  let start = performance.now();
  await page.goto(address);
  await said(page, "Ready");
  report.ready = performance.now() - start;
  report.models = await page.$$eval("#model option", (options) => options.map((option) => option.value));

  start = performance.now();
  report.example = await collect(page, 1, "example");
  report.first = performance.now() - start;
  report.times = await text(page, "#times");
  report.table = await text(page, "#faces");
  report.licence = await text(page, "#licence");
  await picture(page, "photo");
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await picture(page, "dark");

  report.focus = [];
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press("Tab");
    report.focus.push(await page.evaluate(() => document.activeElement?.id));
  }
  await page.setViewport({ width: 360, height: 740, deviceScaleFactor: 2 });
  report.overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await picture(page, "small");
  await page.setViewport({ width: 900, height: 1000 });
  await page.emulateMediaFeatures([]);

  report.camera = await collect(page, FRAMES, "camera");
  report.cameraModel = await page.$eval("#model", (list) => /** @type {HTMLSelectElement} */ (list).value);
  report.cameraTimes = await text(page, "#times");
  await picture(page, "camera");
  const float = report.cameraModel.replace(/-int8$/, ""); // the same network in float32
  await page.select("#model", float);
  await page.waitForFunction((name) => document.getElementById("licence")?.textContent?.includes(`${name}:`), {}, float);
  await page.click("#camera");
  report.float = await collect(page, FRAMES, "camera");
  await page.click("#camera");
  report.stopped = await page.$eval("#camera", (button) => [button.textContent, button.getAttribute("aria-pressed")]);

  const chooser = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (await page.$("#file"));
  const photo = collect(page, 1);
  await chooser.uploadFile(large);
  report.large = await photo;
  await chooser.uploadFile(wrong);
  report.wrong = await failed(page);

  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await new Promise((closed) => {
    server.close(closed);
    server.closeAllConnections();
  });
  await page.reload();
  await said(page, "Ready");
  report.offline = (await collect(page, 1, "example"))[0].faces.length;
  await browser.close();
}

async function withoutCamera() {
  const browser = await open(chromium, undefined, FLAGS);
  const page = await newPage(browser);
  await page.goto(address);
  await said(page, "Ready");
  await page.click("#camera");
  report.noCamera = await failed(page);
  const old = await newPage(browser);
  await old.evaluateOnNewDocument(() => Object.assign(WebAssembly, { validate: () => false }));
  await old.goto(address);
  report.noSimd = await failed(old);
  await browser.close();
}

await withoutCamera();
await withCamera(); // ends the server
writeFileSync(`${out}/report.json`, JSON.stringify(report));
