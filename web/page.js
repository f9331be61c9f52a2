/** The page: a photo or the camera in, landmarks out. */

import { draw, LaplandError, load } from "./lapland/index.js";

/** @typedef {import("./lapland/index.js").Lapland} Lapland */
/** @typedef {import("./lapland/index.js").Face} Face */

const LARGEST = 2048; // pixels, longer side of a photo: larger ones are shrunk
const RADIUS = 0.9; // probability that a circle holds its landmark
const REFRESH = 250; // milliseconds between changes of the numbers, so that they can be read

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

const canvas = element("picture", HTMLCanvasElement);
const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
const cameraButton = element("camera", HTMLButtonElement);
const circles = element("circles", HTMLInputElement);
const file = element("file", HTMLInputElement);
const models = element("model", HTMLSelectElement);
const errorLine = element("error", HTMLElement);
const statusLine = element("status", HTMLElement);

/** @type {{image: ImageData, faces: Face[]} | null} the picture that is shown */
let shown = null;
/** @type {MediaStream | null} */
let stream = null;
let chosen = false; // whether the user has chosen a model
let refreshed = 0; // when the numbers last changed, milliseconds
const stamps = /** @type {number[]} */ ([]); // of the frames of the last second

const ready = load("models/", { worker: true });
ready.then(prepare, report);

/** Offers the models. @param {Lapland} lapland */
function prepare(lapland) {
  for (const model of lapland.models) {
    const use = model.best.length ? `, for ${model.best.map((role) => `${role}s`).join(" and ")}` : "";
    const size = (model.bytes / 1e6).toFixed(1);
    models.add(new Option(`${model.width} ${model.precision} (${size} MB)${use}`, model.name));
  }
  models.disabled = false;
  nameModel(lapland);
  say("Ready. Choose a photo, use the camera, or show the example.");
  // Only now, so that the first picture does not wait for files that are needed later.
  navigator.serviceWorker?.register("sw.js").catch(() => {
    element("offline", HTMLElement).textContent = "Without a network this browser cannot show the page again.";
  });
}

/** @param {Lapland} lapland */
function nameModel({ model, detection }) {
  models.value = model.name;
  Object.assign(element("terms", HTMLAnchorElement), { href: model.terms ?? "", hidden: !model.terms });
  element("licence", HTMLElement).textContent =
    `Landmark model ${model.name}: ${model.licence}. Face detector: ${detection.licence}.`;
}

/** Uses the model for photos or videos, unless the user has chosen one. @param {Lapland} lapland
 * @param {"photo" | "video"} kind */
async function useDefault(lapland, kind) {
  const model = lapland.models.find((m) => m.best.includes(kind));
  if (!chosen && model) await lapland.use(model.name);
  nameModel(lapland);
}

// --- input

/** @param {Blob} blob @param {string} name */
async function showPhoto(blob, name) {
  stopCamera();
  say("Looking for faces …");
  /** @type {ImageBitmap} */
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob); // turned as its EXIF data say
  } catch {
    throw new LaplandError(`${name} is no picture that this browser can read. Choose a JPEG, PNG or WebP.`);
  }
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const image = pixelsOf(bitmap, Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  bitmap.close();
  canvas.classList.remove("mirrored");
  const lapland = await ready;
  await useDefault(lapland, "photo");
  await detect(lapland, image);
}

/** @param {Lapland} lapland @param {ImageData} image */
async function detect(lapland, image) {
  const start = performance.now();
  const faces = await lapland.detect(image);
  if (!stream) show(lapland, image, faces, performance.now() - start);
}

const frame = new OffscreenCanvas(1, 1);
const pixels = /** @type {OffscreenCanvasRenderingContext2D} */ (
  frame.getContext("2d", { alpha: false, willReadFrequently: true })
);

/** @param {ImageBitmap | HTMLVideoElement} source @param {number} width @param {number} height */
function pixelsOf(source, width, height) {
  if (frame.width !== width || frame.height !== height) Object.assign(frame, { width, height });
  pixels.clearRect(0, 0, width, height);
  pixels.drawImage(source, 0, 0, width, height);
  return pixels.getImageData(0, 0, width, height);
}

async function startCamera() {
  const lapland = await ready;
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  video.srcObject = await openCamera();
  await video.play();
  stream = video.srcObject;
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => stream === video.srcObject && stopCamera());
  canvas.classList.toggle("mirrored", track.getSettings().facingMode !== "environment");
  cameraButton.setAttribute("aria-pressed", "true");
  cameraButton.textContent = "Stop the camera";
  lapland.reset();
  await useDefault(lapland, "video");
  const next = () => new Promise((come) => video.requestVideoFrameCallback?.(come) ?? requestAnimationFrame(come));
  let coming = next();
  while (stream === video.srcObject) {
    await coming;
    if (stream !== video.srcObject) break;
    // Now, not after the work: a frame that comes meanwhile is taken at once.
    coming = next();
    const start = performance.now();
    const image = pixelsOf(video, video.videoWidth, video.videoHeight);
    const faces = await lapland.track(image, start / 1000);
    if (stream === video.srcObject) show(lapland, image, faces, performance.now() - start);
  }
}

async function openCamera() {
  const causes = /** @type {Record<string, string>} */ ({
    NotAllowedError: "The camera is blocked. Allow it for this page in the settings of the browser, and press the button again.",
    NotFoundError: "There is no camera. Connect one, or choose a photo.",
    NotReadableError: "Another program uses the camera. Close it, and press the button again.",
  });
  if (!navigator.mediaDevices) {
    throw new LaplandError("Browsers give the camera to pages from https:// or localhost only. Open the page there, or choose a photo.");
  }
  try {
    const video = { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" };
    return await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    const { name, message } = /** @type {DOMException} */ (error);
    throw new LaplandError(causes[name] ?? `The camera does not start (${message}). Choose a photo.`);
  }
}

function stopCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  stamps.length = 0;
  cameraButton.setAttribute("aria-pressed", "false");
  cameraButton.textContent = "Use the camera";
}

// --- results

/** @param {Lapland} lapland @param {ImageData} image @param {Face[]} faces
 * @param {number} milliseconds from the picture to the landmarks */
function show(lapland, image, faces, milliseconds) {
  shown = { image, faces };
  paint(lapland);
  const count = faces.length === 1 ? "1 face" : `${faces.length || "No"} faces`;
  const label = `Picture with ${count}, landmarks drawn`;
  if (canvas.getAttribute("aria-label") !== label) canvas.setAttribute("aria-label", label);
  const hint = faces.length || stream ? "" : " Faces of less than 40 pixels are not found.";
  say(`${count} found.${hint}`);
  const now = performance.now();
  stamps.push(now);
  while (stamps[0] < now - 1000) stamps.shift();
  if (!stream || now - refreshed > REFRESH) {
    refreshed = now;
    list(faces);
    /** @param {number} value */
    const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
    const { detection, landmarks } = lapland.milliseconds;
    element("detection-time", HTMLElement).textContent = detection ? ms(detection) : "–";
    element("landmark-time", HTMLElement).textContent = ms(landmarks);
    element("whole-time", HTMLElement).textContent = ms(milliseconds);
    element("rate", HTMLElement).textContent = stream ? String(stamps.length) : "–";
    element("times", HTMLElement).hidden = false;
  }
  // For tests and other scripts.
  canvas.dispatchEvent(new CustomEvent("faces", { detail: { image, faces } }));
}

/** Draws the picture and its faces. @param {Lapland} lapland */
function paint(lapland) {
  if (!shown) return;
  const { image, faces } = shown;
  if (canvas.width !== image.width || canvas.height !== image.height) {
    Object.assign(canvas, { width: image.width, height: image.height });
  }
  context.putImageData(image, 0, 0);
  draw(context, faces, lapland.model.scheme, { radius: circles.checked ? RADIUS : undefined });
}

/** A row for each face. @param {Face[]} faces */
function list(faces) {
  const rows = faces.map((face, number) => {
    const radii = face.radius(RADIUS);
    const median = [...radii].sort((a, b) => a - b)[radii.length >> 1];
    const least = radii.indexOf(Math.max(...radii));
    const cells = [
      String((face.id ?? number) + 1),
      `${(100 * face.confidence).toFixed(0)} %`,
      `${median.toFixed(1)} px`,
      `point ${least}, ${radii[least].toFixed(1)} px`,
    ];
    const row = document.createElement("tr");
    row.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
    return row;
  });
  const table = element("faces", HTMLTableElement);
  table.tBodies[0].replaceChildren(...rows);
  table.hidden = faces.length === 0;
}

/** Screen readers read each new text once. @param {string} text */
function say(text) {
  if (statusLine.textContent !== text) statusLine.textContent = text;
}

/** @param {unknown} error */
function report(error) {
  const ours = error instanceof LaplandError;
  errorLine.textContent = ours ? error.message : `Something went wrong (${error}). Load the page again.`;
  errorLine.hidden = false;
  say("");
  if (!ours) throw error;
}

// --- the controls

/** @param {() => Promise<unknown>} action */
async function attempt(action) {
  errorLine.hidden = true;
  try {
    await action();
  } catch (error) {
    report(error);
  }
}

file.addEventListener("change", () => {
  const photo = file.files?.[0];
  if (photo) attempt(() => showPhoto(photo, photo.name));
  file.value = ""; // so that the same photo can be chosen again
});
element("example", HTMLButtonElement).addEventListener("click", () =>
  attempt(async () => showPhoto(await (await fetch("example.jpg")).blob(), "The example")),
);
cameraButton.addEventListener("click", () => (stream ? stopCamera() : attempt(startCamera)));
circles.addEventListener("change", () => attempt(async () => paint(await ready)));
models.addEventListener("change", () =>
  attempt(async () => {
    const lapland = await ready;
    chosen = true;
    await lapland.use(models.value);
    nameModel(lapland);
    if (shown && !stream) await detect(lapland, shown.image);
  }),
);
