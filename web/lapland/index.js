/**
 * lapland in JavaScript: 68 landmarks of each face, and how sure they are. Runs in browsers and in
 * Node, on one thread, and sends nothing anywhere.
 *
 *     const lapland = await load("models/");
 *     const faces = await lapland.detect(imageData);
 *     faces[0].landmarks[30]; // tip of the nose: [x, y], pixels
 *     faces[0].radius(0.9)[30]; // the circle that holds it with 90 %, pixels
 */

import { env, InferenceSession } from "onnxruntime-web/wasm";
import { agreed } from "./agreement.js";
import { FaceDetector } from "./detection.js";
import { LaplandError } from "./errors.js";
import { LandmarkNetwork } from "./network.js";
import { Tracker } from "./tracking.js";

export { coloursOf, draw } from "./drawing.js";
export { LaplandError };

/** @typedef {import("./crop.js").Image} Image */
/** @typedef {import("./crop.js").Point} Point */
/** @typedef {import("./network.js").Face} Face */
/** @typedef {import("./network.js").Model} Model */
/** @typedef {{detection: import("./detection.js").Detection, models: Model[]}} Index
 * The content of `models/index.json`, which `web/build.py` writes. */
/** @typedef {(file: string) => Promise<Uint8Array | ArrayBuffer>} Read
 * Reads a file of the folder of models. */

// More threads need pages with special headers (COOP and COEP).
env.wasm.numThreads = 1;

// The smallest module with a vector instruction.
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

/**
 * Loads the face detector and a landmark model.
 *
 * @param {string | URL | Read} source the folder of models: its address, or a function that reads a
 *   file of it
 * @param {object} [options]
 * @param {string} [options.model] name of the model; by default the one for photos
 * @param {boolean} [options.worker] run the networks in a worker, so that the page stays responsive.
 *   The first `load` decides; browsers alone have it
 * @returns {Promise<Lapland>}
 * @throws {LaplandError} the folder or the model is not there, or the browser is too old
 */
export async function load(source, { model, worker = false } = {}) {
  if (!WebAssembly.validate(SIMD)) {
    throw new LaplandError(
      "This browser lacks WebAssembly SIMD. Use Chrome or Edge 91, Firefox 108, Safari 16.4, or a later one.",
    );
  }
  env.wasm.proxy = worker;
  const read = typeof source === "function" ? source : fromAddress(source);
  const index = /** @type {Index} */ (JSON.parse(new TextDecoder().decode(await read("index.json"))));
  /** @param {string} file */
  const open = (file) => sessionOf(read, file);
  const detector = await FaceDetector.load(index.detection, open);
  const lapland = new Lapland(read, index, detector);
  await lapland.use(model ?? (index.models.find((m) => m.best.includes("photo")) ?? index.models[0]).name);
  return lapland;
}

/** The networks, ready to run. Calls may overlap: each waits for those before it. */
export class Lapland {
  /** @type {Map<string, LandmarkNetwork>} */
  #networks = new Map();
  /** @type {Tracker | undefined} */
  #tracker;
  /** @type {LandmarkNetwork | undefined} */
  #network;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  #read;
  #index;
  #detector;

  /** Call `load` instead. @param {Read} read @param {Index} index @param {FaceDetector} detector */
  constructor(read, index, detector) {
    this.#read = read;
    this.#index = index;
    this.#detector = detector;
  }

  /** The models of the folder. */
  get models() {
    return this.#index.models;
  }

  /** Description of the model in use. @returns {Model} */
  get model() {
    return this.#loaded.model;
  }

  /** Time of the last call that found faces, in its two parts; detection is 0 if it searched none. */
  get milliseconds() {
    return { detection: this.#detector.milliseconds, landmarks: this.#loaded.milliseconds };
  }

  /** Description of the face detector. */
  get detection() {
    return this.#index.detection;
  }

  /** Uses another model from the next call on. Tracked faces stay. @param {string} name
   * @throws {LaplandError} there is no such model */
  use(name) {
    return this.#inTurn(async () => {
      const model = this.models.find((m) => m.name === name);
      if (!model) {
        const known = this.models.map((m) => m.name).join(", ");
        throw new LaplandError(`model: expected one of ${known}, not ${name}`);
      }
      let network = this.#networks.get(name);
      if (!network) {
        network = new LandmarkNetwork(await sessionOf(this.#read, model.file), model);
        this.#networks.set(name, network);
      }
      this.#network = network;
      if (this.#tracker) this.#tracker.network = network;
    });
  }

  /** Finds the faces of a photo, the largest first. @param {Image} image @returns {Promise<Face[]>}
   * @throws {LaplandError} it is no image */
  detect(image) {
    return this.#inTurn(async () => {
      this.#start(image);
      const faces = [];
      for (const { fivePoints, box, score } of await this.#detector.find(image)) {
        faces.push({ ...(await this.#loaded.locate(image, fivePoints)), box, score });
      }
      return agreed(image, faces, this.#loaded, this.#detector);
    });
  }

  /** The landmarks of faces whose five points are known: left eye, right eye, tip of the nose, left
   * and right corner of the mouth, as seen in the image.
   * @param {Image} image @param {Point[][]} fivePoints @returns {Promise<Face[]>}
   * @throws {LaplandError} it is no image */
  locate(image, fivePoints) {
    return this.#inTurn(async () => {
      this.#start(image);
      const faces = [];
      for (const five of fivePoints) faces.push(await this.#loaded.locate(image, five));
      return faces;
    });
  }

  /** Finds the faces of the next frame of a video, the longest followed first. A face keeps its `id`
   * while it is followed.
   * @param {Image} image @param {number} [seconds] time of the frame; now by default
   * @returns {Promise<Face[]>}
   * @throws {LaplandError} it is no image */
  track(image, seconds = performance.now() / 1000) {
    return this.#inTurn(async () => {
      this.#start(image);
      this.#tracker ??= new Tracker(this.#loaded, this.#detector);
      return this.#tracker.update(image, seconds);
    });
  }

  /** Forgets the faces of a video: the next frame is the first of another. */
  reset() {
    this.#tracker = undefined;
  }

  get #loaded() {
    return /** @type {LandmarkNetwork} */ (this.#network); // `load` has used one
  }

  /** @param {Image} image */
  #start(image) {
    check(image);
    this.#detector.milliseconds = this.#loaded.milliseconds = 0;
  }

  /** A session runs one call at a time. @template T @param {() => Promise<T>} work */
  #inTurn(work) {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** @param {string | URL} folder @returns {Read} */
function fromAddress(folder) {
  const base = String(folder).replace(/\/?$/, "/");
  return async (file) => {
    const answer = await fetch(base + file);
    if (!answer.ok) {
      throw new LaplandError(
        `${base}${file}: the server answers ${answer.status}. Build the folder with ` +
          "`python -m web.build` and serve all of it.",
      );
    }
    return answer.arrayBuffer();
  };
}

/** @param {Read} read @param {string} file */
async function sessionOf(read, file) {
  const bytes = await read(file);
  try {
    return await InferenceSession.create(new Uint8Array(bytes), { executionProviders: ["wasm"] });
  } catch (error) {
    throw new LaplandError(`${file}: onnxruntime cannot load it (${error}). Build the folder again.`);
  }
}

/** @param {Image} image */
function check(image) {
  const { data, width, height } = image ?? {};
  if (!(width > 0 && height > 0 && data?.length === 4 * width * height)) {
    throw new LaplandError(
      `image: expected ImageData, or {data, width, height} with four bytes for each pixel, not ` +
        `${width} x ${height} with ${data?.length} bytes`,
    );
  }
}
