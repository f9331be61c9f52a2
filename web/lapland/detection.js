/** The face detector: an image of any size -> boxes, scores and five points. */

import { InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { PORTRAIT } from "./agreement.js";
import { cropMatrix, cut, toImage } from "./crop.js";

/** @typedef {import("./crop.js").Point} Point */
/** @typedef {import("./crop.js").Image} Image */
/** @typedef {{file: string, look: string, width: number, height: number, licence: string}} Detection
 * The detector's graph, as `models/index.json` describes it: its input has one size. `look` is the
 * file of its last network alone. */
/** @typedef {{box: [number, number, number, number], score: number, fivePoints: Point[]}} Found */

const OUTPUTS = ["boxes", "scores", "five_points", "count"];

export class FaceDetector {
  /** @type {Promise<InferenceSession> | undefined} */
  #looking;
  #load;

  /** @param {InferenceSession} session @param {Detection} graph
   * @param {(file: string) => Promise<InferenceSession>} load */
  constructor(session, graph, load) {
    this.session = session;
    this.graph = graph;
    this.#load = load;
    this.milliseconds = 0; // spent since somebody set it to 0
  }

  /** Finds faces, the largest first. @param {Image} image @returns {Promise<Found[]>} */
  async find(image) {
    const start = performance.now();
    const { width, height } = this.graph;
    const small = fitted(image, width, height);
    const input = new Tensor("uint8", small.pixels, [height, width, 3]);
    const outputs = await this.session.run({ image: input }, OUTPUTS);
    this.milliseconds += performance.now() - start;
    const count = Number(outputs.count.data[0]);
    const [boxes, scores, points] = OUTPUTS.slice(0, 3).map((name) =>
      Array.from(/** @type {Float32Array} */ (outputs[name].data)),
    );
    // Coordinates are centres of pixels: half a pixel of one size is not half a pixel of the other.
    /** @param {number} x @param {number} y @returns {Point} */
    const back = (x, y) => [
      ((x + 0.5) * image.width) / small.width - 0.5,
      ((y + 0.5) * image.height) / small.height - 0.5,
    ];
    return Array.from({ length: count }, (_, n) => {
      const [left, top, right, bottom] = boxes.slice(4 * n, 4 * n + 4);
      const five = points.slice(10 * n, 10 * n + 10);
      return {
        box: [...back(left, top), ...back(right, bottom)],
        score: scores[n],
        fivePoints: [0, 1, 2, 3, 4].map((i) => back(five[2 * i], five[2 * i + 1])),
      };
    });
  }

  /** The last network's look at a place that should show a face: how much of a face it sees, and where.
   * @param {Image} image @param {Point[]} fivePoints
   * @returns {Promise<{score: number, fivePoints: Point[]}>} */
  async look(image, fivePoints) {
    this.#looking ??= this.#load(this.graph.look); // few photos need it
    const session = await this.#looking;
    const start = performance.now();
    const matrix = cropMatrix(fivePoints, PORTRAIT);
    const { size } = PORTRAIT;
    const portraits = new Tensor("uint8", cut(image, matrix, size), [1, size, size, 3]);
    const { scores, points } = await session.run({ portraits }, ["scores", "points"]);
    this.milliseconds += performance.now() - start;
    const numbers = /** @type {Float32Array} */ (points.data);
    return {
      score: Number(scores.data[0]),
      fivePoints: [0, 1, 2, 3, 4].map((i) => toImage(matrix, numbers[2 * i], numbers[2 * i + 1])),
    };
  }
}

/**
 * An image in the left upper corner of a black one of fixed size, shrunk if it is larger. Each pixel
 * is the mean over its area, so nothing aliases.
 *
 * @param {Image} image
 * @param {number} width of the result
 * @param {number} height
 * @returns {{pixels: Uint8Array, width: number, height: number}} height x width x 3: rows of pixels,
 *   each red, green, blue; and the size of the image in it
 */
export function fitted(image, width, height) {
  const { data } = image; // once: browsers call a function for it
  const scale = Math.min(1, width / image.width, height / image.height);
  const columns = Math.max(1, Math.round(image.width * scale));
  const rows = Math.max(1, Math.round(image.height * scale));
  const pixels = new Uint8Array(width * height * 3);
  if (scale === 1) {
    for (let row = 0, from = 0; row < rows; row++) {
      for (let to = 3 * row * width; to < 3 * (row * width + columns); to += 3, from += 4) {
        pixels[to] = data[from];
        pixels[to + 1] = data[from + 1];
        pixels[to + 2] = data[from + 2];
      }
    }
    return { pixels, width: columns, height: rows };
  }
  const [across, down] = [shares(image.width, columns), shares(image.height, rows)];
  const line = new Float32Array(image.width * 3); // sum of the rows that fall in one of the result
  for (let row = 0; row < rows; row++) {
    line.fill(0);
    for (let k = down.starts[row]; k < down.starts[row + 1]; k++) {
      const share = down.shares[k];
      for (let i = 0, from = 4 * down.places[k] * image.width; i < line.length; i += 3, from += 4) {
        line[i] += share * data[from];
        line[i + 1] += share * data[from + 1];
        line[i + 2] += share * data[from + 2];
      }
    }
    for (let column = 0, to = 3 * row * width; column < columns; column++, to += 3) {
      let red = 0.5;
      let green = 0.5;
      let blue = 0.5;
      for (let k = across.starts[column]; k < across.starts[column + 1]; k++) {
        const share = across.shares[k];
        const at = 3 * across.places[k];
        red += share * line[at];
        green += share * line[at + 1];
        blue += share * line[at + 2];
      }
      pixels[to] = red;
      pixels[to + 1] = green;
      pixels[to + 2] = blue;
    }
  }
  return { pixels, width: columns, height: rows };
}

/**
 * The pixels of a line that each pixel of a shorter one covers.
 *
 * @param {number} length
 * @param {number} count of the shorter one
 * @returns {{starts: number[], places: number[], shares: number[]}} pixel i of the shorter line is
 *   the sum of `places[k]` times `shares[k]`, for k from `starts[i]` up to `starts[i + 1]`
 */
function shares(length, count) {
  const step = length / count;
  /** @type {ReturnType<typeof shares>} */
  const found = { starts: [0], places: [], shares: [] };
  for (let i = 0; i < count; i++) {
    const [from, to] = [i * step, (i + 1) * step];
    for (let place = Math.floor(from); place < Math.min(length, to - 1e-9); place++) {
      found.places.push(place);
      found.shares.push((Math.min(place + 1, to) - Math.max(place, from)) / step);
    }
    found.starts.push(found.places.length);
  }
  return found;
}
